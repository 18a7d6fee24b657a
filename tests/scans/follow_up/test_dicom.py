"""A follow-up of DICOM series: identifiers, and dates that are not written."""

import json

import numpy as np
import pytest

from mmuldor.scans.follow_up.results_folder import read_results
from mmuldor.scans.follow_up.run import follow_results
from mmuldor.scans.lesion_files import write_lesions_json
from mmuldor.scans.reading import read_scan
from tests.support.dicom_series import write_slice
from tests.support.follow_up.small_pairs import small_pair

DATES = ('20310205', '20310129')


@pytest.fixture
def folders(tmp_path):
    """Results of two series; the baseline has the later date."""
    pair = small_pair(0)
    results = []
    for name, volume, lesions, date, uid in zip(
        ('first', 'second'),
        (pair.baseline, pair.follow_up),
        pair.found(),
        DATES,
        ('1.2.1', '1.2.2'),
        strict=True,
    ):
        for number, hu in enumerate(volume.hu):
            place = volume.to_patient(np.array([0, 0, number]))[0]
            write_slice(
                tmp_path / name,
                number,
                uid,
                position=[round(float(value), 4) for value in place],
                hu=hu,
                PixelSpacing=[volume.spacing_mm[0]] * 2,
                AcquisitionDate=date,
                PatientID=f'secret {name}',
            )
        series, _ = read_scan(tmp_path / name, accept_values=True)
        folder = tmp_path / f'found_{name}'
        folder.mkdir()
        write_lesions_json(folder / 'lesions.json', lesions, series)
        results.append(folder)
    return results


def test_identifiers(folders):
    point = read_results(folders[0])
    assert point.series['series_uid'] == '1.2.1'
    uids = [record['tracking_uid'] for record in point.records]
    assert len(set(uids)) == len(point.lesions)


def test_doubts_are_noted_without_dates(folders, tmp_path):
    out = tmp_path / 'out'
    found = follow_results(*folders, out)
    assert found.problem == ''
    document = json.loads((out / 'follow_up.json').read_text())
    assert document['notes'][:2] == [
        'the scans have different patient IDs',
        'the baseline is of a later date than the follow-up: are the two '
        'swapped?',
    ]
    assert document['follow_up']['series_uid'] == '1.2.2'
    # follow_up.dcm is of the patient: an archive needs the identifiers.
    for suffix in ('json', 'csv', 'html'):
        text = (out / f'follow_up.{suffix}').read_text()
        for secret in (*DATES, 'secret'):
            assert secret not in text, suffix
