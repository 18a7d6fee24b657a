"""Which reader a scan gets."""

import nibabel
import numpy as np
import pytest

from mmuldor.io.png import write_png16
from mmuldor.scans.reading import read_scan
from tests.support.dicom_series import expected, write_series


def test_a_nifti_file(tmp_path):
    hu = np.arange(-30, 30, dtype=np.int16).reshape(3, 4, 5)
    path = tmp_path / 'scan.nii.gz'
    nibabel.save(nibabel.Nifti1Image(hu, np.eye(4)), path)
    volume, notes = read_scan(path)
    assert (volume.shape, volume.source, notes) == ((5, 4, 3), str(path), [])


def test_a_dicom_folder(tmp_path):
    write_series(tmp_path, (0, 1, 3, 4))
    volume, notes = read_scan(tmp_path)
    assert np.array_equal(volume.hu, expected())
    assert [header is None for header in volume.dicom_headers] == [
        *(False, False, True, False, False),
    ]
    assert notes == ['1 missing slices interpolated']


def test_a_folder_of_slices_needs_a_spacing(tmp_path):
    for number in (1, 2):
        stored = np.full((4, 5), 32768 + number, dtype=np.uint16)
        write_png16(tmp_path / f'{number:03d}.png', stored)
    with pytest.raises(ValueError, match='Give the spacing'):
        read_scan(tmp_path)
    volume, _ = read_scan(tmp_path, spacing_mm=(0.5, 0.6, 2.0))
    # The first file is the highest slice.
    assert volume.hu[:, 0, 0].tolist() == [2, 1]
    assert volume.spacing_mm == pytest.approx((0.5, 0.6, 2))
