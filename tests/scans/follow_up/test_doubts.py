"""What is doubtful about a pair of scans."""

from dataclasses import replace

import numpy as np
import pytest
from pydicom.dataset import Dataset

from mmuldor.scans.follow_up.doubts import pair_notes
from tests.support.follow_up.in_memory import time_point


def dicom(**elements):
    header = Dataset()
    for keyword, value in elements.items():
        setattr(header, keyword, value)
    return header


def points(first=None, second=None):
    """Two time points of other voxels, with DICOM headers if given."""
    found = []
    for k, header in enumerate((first, second)):
        point = time_point(f'scan{k}', [])
        volume = replace(
            point.volume,
            hu=point.volume.hu + k,
            dicom_headers=() if header is None else (None, header),
        )
        found.append(replace(point, volume=volume))
    return found


def test_nothing_to_note():
    assert pair_notes(*points()) == []
    assert pair_notes(*points(dicom(), dicom())) == []


def test_the_same_scan_twice():
    first, _ = points()
    assert pair_notes(first, first) == [
        'baseline and follow-up are the same scan'
    ]


def test_the_same_series():
    first, second = (
        replace(point, series={'series_uid': '1.2'}) for point in points()
    )
    assert 'the same scan' in pair_notes(first, second)[0]


@pytest.mark.parametrize(
    ('dates', 'noted'),
    [
        (('20200131', '20200201'), False),
        (('20200201', '20200201'), False),
        (('20200201', '20200131'), True),
        (('2020', '2019'), False),
    ],
)
def test_swapped_dates(dates, noted):
    headers = [dicom(AcquisitionDate=date) for date in dates]
    notes = pair_notes(*points(*headers))
    assert bool(notes) == noted
    # No date of a patient stands in a note.
    assert all('2020' not in note for note in notes)


def test_the_date_of_the_images_counts():
    # An archive gave the studies the date of their import.
    first = dicom(AcquisitionDate='20190101', StudyDate='20210101')
    second = dicom(AcquisitionDate='20200101', StudyDate='20200601')
    assert pair_notes(*points(first, second)) == []


def test_other_patients():
    notes = pair_notes(
        *points(dicom(PatientID='secret1'), dicom(PatientID='secret2'))
    )
    assert notes == ['the scans have different patient IDs']


def test_thick_and_thin_slices():
    first, second = points()
    thick = np.diag([1.0, 1, 5, 1])
    second = replace(second, volume=replace(second.volume, affine=thick))
    assert '1 mm and 5 mm apart' in pair_notes(first, second)[0]


@pytest.mark.parametrize('key', ['checkpoint', 'bundle'])
def test_other_weights(key):
    first, second = (
        replace(
            point,
            provenance={key: {'sha256': name}, 'score_thr': 0.3},
        )
        for point, name in zip(points(), 'ab', strict=True)
    )
    assert 'other weights' in pair_notes(first, second)[0]
    assert pair_notes(first, replace(second, provenance={})) == []
