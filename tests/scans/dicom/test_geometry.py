"""Where slices lie, on numbers that a person can check."""

import numpy as np
import pytest

from mmuldor.scans.dicom.geometry import (
    angle_degrees,
    image_position,
    slice_normal,
    slices_affine,
)
from tests.support.ct_slices import ct_slice

# Columns run to the back, rows to the head.
SAGITTAL = ct_slice(
    np.zeros((4, 5)),
    ImageOrientationPatient=[0, 1, 0, 0, 0, 1],
    ImagePositionPatient=[10, 20, 30],
    PixelSpacing=[0.8, 0.7],
)


def test_a_sagittal_slice():
    assert image_position(SAGITTAL).tolist() == [10, 20, 30]
    assert slice_normal(SAGITTAL).tolist() == [1, 0, 0]
    affine = slices_affine(SAGITTAL, np.array([3.0, 0, 0]))
    column, row, slice_ = 2, 3, 1
    place = affine @ [column, row, slice_, 1]
    assert place == pytest.approx([10 + 3, 20 + 2 * 0.7, 30 + 3 * 0.8, 1])


def test_angles():
    x, y = np.array([2.0, 0, 0]), np.array([0, 3.0, 0])
    assert angle_degrees(x, x) == 0
    assert angle_degrees(x, y) == pytest.approx(90)
    assert angle_degrees(x, -x) == 180
    assert angle_degrees(x, x + 2 / 3 * y) == pytest.approx(45)
