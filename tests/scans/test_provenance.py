"""What a slice of the volume is called in its source."""

import numpy as np
import pytest

from mmuldor.functional.hounsfield import hu_to_stored
from mmuldor.io.png import write_png16
from mmuldor.scans.provenance import series_uids, slice_source
from mmuldor.scans.reading import read_scan
from mmuldor.scans.volume import Volume
from tests.support.dicom_series import INTERVAL, write_slice


def write_numbered(folder, numbers, **changes):
    """Slice k is instance 100 - k with the UID 1.9.k."""
    for k in numbers:
        own = {'InstanceNumber': 100 - k, 'SOPInstanceUID': f'1.9.{k}'}
        write_slice(folder, k, **{**own, **changes})


def sources(path, **options):
    volume, _ = read_scan(path, **options)
    return [slice_source(volume, k) for k in range(len(volume.hu))]


def test_slices_of_a_dicom_series(tmp_path):
    write_numbered(tmp_path, (0, 1, 2, 4))
    found = sources(tmp_path)
    assert found[3] is None  # filled in
    del found[3]
    assert found == [
        {
            'instance_number': 100 - k,
            'sop_instance_uid': f'1.9.{k}',
            'frame_number': None,
        }
        for k in (0, 1, 2, 4)
    ]


def test_a_series_toward_the_feet_on_its_back(tmp_path):
    """Rows and columns turned around, positions going down."""
    for k in range(3):
        write_slice(
            tmp_path,
            k,
            position=[0, 0, -INTERVAL * k],
            orientation=[-1, 0, 0, 0, -1, 0],
            InstanceNumber=k + 1,
        )
    found = sources(tmp_path)
    assert [source['instance_number'] for source in found] == [3, 2, 1]


def test_slices_that_are_not_axial_are_no_slices_of_the_volume(tmp_path):
    """Coronal, as many as rows, so that numbers alone would fit."""
    for k in range(6):
        write_slice(
            tmp_path,
            k,
            position=[0, INTERVAL * k, 0],
            orientation=[1, 0, 0, 0, 0, -1],
            InstanceNumber=k + 1,
        )
    assert sources(tmp_path) == [None] * 6


@pytest.mark.parametrize(
    ('number', 'expected'), [(None, None), ('', None), (7, 7)]
)
def test_a_number_that_is_missing(tmp_path, number, expected):
    write_numbered(tmp_path, range(2), InstanceNumber=number)
    for source in sources(tmp_path):
        assert source['instance_number'] == expected


def test_a_frame_of_a_file(tmp_path):
    write_numbered(tmp_path, range(2), ReferencedFrameNumber=5)
    assert sources(tmp_path)[0]['frame_number'] == 5


def test_png_slices_count_from_the_head(tmp_path):
    for number in (4, 5, 7):
        stored = hu_to_stored(np.full((8, 8), -900, dtype=np.float32))
        write_png16(tmp_path / f'{number:03d}.png', stored)
    found = sources(tmp_path, spacing_mm=(1, 1, 2))
    assert found == [
        {'png_number': 7},
        None,
        {'png_number': 5},
        {'png_number': 4},
    ]


def test_uids_of_a_series(tmp_path):
    write_numbered(
        tmp_path, range(2), FrameOfReferenceUID=None, StudyInstanceUID='1.4'
    )
    assert series_uids(read_scan(tmp_path)[0]) == {
        'study_uid': '1.4',
        'series_uid': '1.2.3',
        'frame_of_reference_uid': None,
    }


def test_another_source_has_none():
    volume = Volume(np.zeros((2, 4, 4), dtype=np.int16), np.eye(4), 'a.nii')
    assert slice_source(volume, 0) is None
    assert set(series_uids(volume).values()) == {None}
