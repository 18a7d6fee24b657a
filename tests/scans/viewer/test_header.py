"""Who was scanned and when is not in a page; what was scanned is."""

from dataclasses import replace

import pytest

from mmuldor.scans.dicom.series import read_dicom
from mmuldor.scans.viewer.header import header_facts, numbers_of
from mmuldor.scans.viewer.page import write_volume_page
from mmuldor.scans.viewer.without_patient import scan_name
from tests.support.dicom_series import write_slice

PATIENT = {
    'PatientName': 'Doe^Jane Ann',
    'PatientID': 'H-4711',
    'PatientBirthDate': '19510203',
    'StudyDate': '20260131',
    'AccessionNumber': 'ACC0099',
    'InstitutionName': 'Saint Elsewhere',
}
PROVENANCE = {
    'mmuldor': '1.2.3',
    'config': {'name': 'uldor.py', 'sha256': 'ffff'},
    'checkpoint': {'name': 'epoch_12.pth', 'sha256': 'abcdef0123456789'},
    'score_thr': 0.25,
    'date': '2026-11-29T07:17:44+01:00',
}


@pytest.fixture
def series(tmp_path):
    folder = tmp_path / 'DOE_JANE_H4711'
    changes = {**PATIENT, 'Modality': 'CT', 'KVP': 120, 'SliceThickness': 5}
    changes['ConvolutionKernel'] = ['Br40f', '3']
    for number in range(5):
        write_slice(folder, number, InstanceNumber=101 - number, **changes)
    return read_dicom(folder).volume


def test_what_was_scanned(series):
    assert header_facts(series, 7, PROVENANCE) == [
        ('Modality', 'CT, 120 kV'),
        ('Slices', '5 of 8 \N{MULTIPLICATION SIGN} 6 px'),
        (
            'Spacing',
            '0.7 \N{MULTIPLICATION SIGN} 0.8 \N{MULTIPLICATION SIGN} 2.5 mm',
        ),
        ('Thickness', '5 mm'),
        ('Kernel', 'Br40f, 3'),
        ('Lesions', '7, score \N{GREATER-THAN OR EQUAL TO} 0.25'),
        ('Software', 'mmuldor 1.2.3'),
        ('Model', 'uldor.py, epoch_12.pth, SHA-256 abcdef01'),
    ]


def test_a_bundle_is_named_alone(series):
    bundle = {'name': 'uldor-0a1b2c3d.mmuldor', 'sha256': '99887766554433'}
    facts = dict(header_facts(series, 0, {**PROVENANCE, 'bundle': bundle}))
    assert facts['Model'] == 'uldor-0a1b2c3d.mmuldor, SHA-256 99887766'
    assert 'Model' not in dict(header_facts(series, 0))


def test_no_patient_in_the_whole_page(series, tmp_path):
    path = tmp_path / 'report.html'
    notes = [
        'DOE_JANE_H4711/IM000 left out; 2026-01-31 of H4711',
        'series left out: 1.2.3.4.20260131.7 (CT, scout, 2 files)',
        'CT.1.2.3.4.5.dcm, the same slice as IM002.dcm',
    ]
    write_volume_page(path, [], series, notes, provenance=PROVENANCE)
    text = path.read_text().casefold()
    for word in ('doe', 'jane', '4711', '1951', '20260131', '2026-', 'acc00',
                 'elsewhere', '1.2.3.', str(tmp_path).casefold()):  # fmt: skip
        # Slices are letters and digits at random.
        said = [part.split('</script>')[-1] for part in text.split('"hu">')]
        assert word not in ''.join(said), word
    assert '\\u2026 left out; \\u2026 of \\u2026' in text
    assert 'left out: \\u2026 (ct, scout, 2 files)' in text
    assert 'ct.\\u2026.dcm, the same slice as im002.dcm' in text
    assert scan_name(series) == 'a DICOM series'


def test_numbers_of_viewers(series, tmp_path):
    expected = [101, 100, 99, 98, 97], 'InstanceNumber'
    assert numbers_of(series) == expected
    plain = replace(series, dicom_headers=())
    assert numbers_of(plain) is None
    png = replace(plain, png_numbers=[9, 8, None, 6, 5])
    assert numbers_of(png) == ([9, 8, None, 6, 5], 'number of the PNG file')
    # A number of two slices leads nowhere.
    for number in range(5):
        write_slice(tmp_path / 'twice', number, InstanceNumber=1 + number // 2)
    assert numbers_of(read_dicom(tmp_path / 'twice').volume) is None
