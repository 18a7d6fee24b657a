"""`lesions_sr.dcm` as other programs see it.

`dciodvfy` is in Debian's package dicom3tools, `dsrdump` in dcmtk.
"""

import random
import shutil
import subprocess
from dataclasses import replace

import pytest
from pydicom import config

from mmuldor.scans.reading import read_scan
from tests.scans.dicom.oblique_series import write_series
from tests.scans.dicom.references.deidentified_series import (
    KINDS,
    with_any_text,
    write_source,
)
from tests.scans.dicom.report.reports import lesion, report_of

PACKAGES = {'dciodvfy': 'dicom3tools', 'dsrdump': 'dcmtk'}


@pytest.fixture(autouse=True)
def any_value(monkeypatch):
    """Headers may hold what pydicom would not write."""
    for mode in ('reading_validation_mode', 'writing_validation_mode'):
        monkeypatch.setattr(config.settings, mode, config.IGNORE)


@pytest.fixture(scope='module')
def said_of():
    """What programs say of a file, by their name; they find no error."""

    def said(path):
        texts = {}
        for program in filter(shutil.which, PACKAGES):
            done = subprocess.run([program, str(path)], capture_output=True)
            text = (done.stdout + done.stderr).decode('utf-8', 'replace')
            assert done.returncode == 0, text
            assert 'Comprehensive' in text
            # "Error - ..." of dciodvfy; "E: ..." and "F: ..." of dcmtk.
            for line in text.splitlines():
                assert not line.startswith(('Error', 'E: ', 'F: ')), text
            texts[program] = text
        return texts

    return said


@pytest.fixture(autouse=True)
def no_program_is_missing():
    """Says at the end of a test which programs it could not ask."""
    yield
    missing = [f'{p} ({PACKAGES[p]})' for p in PACKAGES if not shutil.which(p)]
    if missing:
        pytest.skip(f'install {", ".join(missing)} to test all of it')


@pytest.mark.parametrize('kind', KINDS)
def test_of_any_series(said_of, tmp_path, kind):
    write_source(tmp_path / 'ct', kind)
    volume, _ = read_scan(tmp_path / 'ct')
    lesions = [
        lesion(volume, lesion_type='liver', probability=0.5),
        lesion(volume, (2,), lesion_type='Zyste'),
        lesion(volume, (1, 2), masks=False),
    ]
    report_of(tmp_path, lesions, volume)
    texts = said_of(tmp_path / 'lesions_sr.dcm')
    if 'dsrdump' in texts:
        assert texts['dsrdump'].count('"Measurement Group"') == 3
        assert texts['dsrdump'].count('"Long Axis"') == 2


def test_of_no_lesion(said_of, tmp_path):
    volume, _ = read_scan(write_series(tmp_path / 'ct'))
    report_of(tmp_path, [], volume)
    said_of(tmp_path / 'lesions_sr.dcm')


@pytest.mark.parametrize('seed', range(2))
def test_any_text_in_any_element(said_of, tmp_path, seed):
    volume, _ = read_scan(write_series(tmp_path / 'ct'))
    found = [lesion(volume)]
    rng = random.Random(seed)
    for _ in range(6):
        chosen, headers = with_any_text(volume.dicom_headers, rng)
        report_of(tmp_path, found, replace(volume, dicom_headers=headers))
        assert (tmp_path / 'lesions_sr.dcm').is_file(), chosen
        said_of(tmp_path / 'lesions_sr.dcm')


@pytest.mark.parametrize('kind', ['\u5c71' * 60, 'a\tb\\c', '\udce9t\u00e9'])
def test_any_lesion_type(said_of, tmp_path, kind):
    volume, _ = read_scan(write_series(tmp_path / 'ct'))
    report_of(tmp_path, [lesion(volume, lesion_type=kind)], volume)
    said_of(tmp_path / 'lesions_sr.dcm')
