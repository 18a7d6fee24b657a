"""Where slices lie, on numbers that a person can check."""

import copy

import numpy as np
import pytest

from mmuldor.scans.dicom.geometry import (
    angle_degrees,
    direction_rounding,
    directions_are_valid,
    image_position,
    rounding,
    series_affine,
    slice_directions,
    slice_normal,
)
from tests.support.ct_slices import ct_slice

# Columns run to the back, rows to the head.
SAGITTAL = ct_slice(
    np.zeros((4, 5)),
    ImageOrientationPatient=[0, 1, 0, 0, 0, 1],
    ImagePositionPatient=[10, 20, 30],
    PixelSpacing=[0.8, 0.7],
)


def slice_at(position, **elements):
    return ct_slice(
        np.zeros((4, 5)),
        **{
            'ImagePositionPatient': position,
            'PixelSpacing': [0.8, 0.7],
            **elements,
        },
    )


def test_a_sagittal_slice():
    assert image_position(SAGITTAL).tolist() == [10, 20, 30]
    assert slice_normal(SAGITTAL).tolist() == [1, 0, 0]
    beside = copy.deepcopy(SAGITTAL)
    beside.ImagePositionPatient = [16, 20, 30]
    # A slice is missing between the two.
    affine = series_affine([SAGITTAL, None, beside])
    column, row, slice_ = 2, 3, 1
    place = affine @ [column, row, slice_, 1]
    assert place == pytest.approx([10 + 3, 20 + 2 * 0.7, 30 + 3 * 0.8, 1])


def test_the_line_through_rounded_positions():
    # 0, 0.25, 0.5, 0.75 and 1 mm with one decimal.
    places = ['0', '0.2', '0.5', '0.8', '1']
    affine = series_affine([slice_at(['-9', '-9', z]) for z in places])
    assert affine[:3, 2] == pytest.approx([0, 0, 0.26])
    assert affine[:3, 3] == pytest.approx([-9, -9, -0.02])


def test_the_finest_spacing_and_directions_count():
    headers = [
        slice_at([0, 0, 0], PixelSpacing=['0.70', '0.7']),
        slice_at([0, 0, 2], PixelSpacing=['0.703125', '0.703125']),
        slice_at(
            [0, 0, 4],
            PixelSpacing=['0.703', '0.703'],
            ImageOrientationPatient=['1.000', '0', '0', '0', '1', '0'],
        ),
    ]
    affine = series_affine(headers)
    assert np.diag(affine).tolist() == [0.703125, 0.703125, 2, 1]


@pytest.mark.parametrize(
    ('written', 'half'),
    [('0.6', 0.05), ('-25.60', 0.005), ('250', 0.5), ('-2.5E+01', 0.5),
     (' 1e-3 ', 0.0005), ('0E-999', 5e-21), ('0E999', 5e19)],
)  # fmt: skip
def test_what_rounding_may_hide(written, half):
    assert rounding([written]).tolist() == pytest.approx([half])


def test_cosines_with_few_decimals():
    # 45 degrees: 0.7 is written for 0.7071.
    header = slice_at(
        [0, 0, 0], ImageOrientationPatient='0.7\\0.7\\0\\-0.7\\0.7\\0'
    )
    assert directions_are_valid(header)
    root = np.sqrt(0.5)
    assert slice_directions(header) == pytest.approx(
        np.array([[root, root, 0], [-root, root, 0]])
    )
    assert slice_normal(header) == pytest.approx([0, 0, 1])
    # sqrt(3) x 0.05 = 0.0866 rad.
    assert direction_rounding(header) == pytest.approx(4.96, abs=0.01)
    # Right as written: nothing says that it was rounded.
    assert direction_rounding(SAGITTAL) == 0


@pytest.mark.parametrize(
    ('cosines', 'valid'),
    [
        ('0.707\\0.707\\0\\-0.707\\0.707\\0', True),
        ('1\\0\\0\\0\\0.97\\-0.24', True),
        ('0.600\\0.700\\0\\-0.700\\0.600\\0', False),
        ('1\\0\\0\\0.30\\0.95\\0', False),
        ('1\\1\\0\\0\\1\\0', False),
        ('0\\0\\0\\0\\0\\0', False),
        ('1\\0\\0\\1\\0\\0', False),
    ],
)
def test_which_cosines_are_two_directions(cosines, valid):
    header = slice_at([0, 0, 0], ImageOrientationPatient=cosines)
    assert directions_are_valid(header) == valid


def test_positions_are_more_exact_than_rounded_cosines():
    """Slices turned by 43 degrees about the vertical, written as 0.7."""
    cosine, sine = np.cos(np.radians(43)), np.sin(np.radians(43))
    step = 2.5 * np.array([-sine, 0, cosine])
    headers = [
        slice_at(
            (k * step).round(4).tolist(),
            ImageOrientationPatient='0.7\\0\\0.7\\0\\1\\0',
        )
        for k in range(9)
    ]
    axes = series_affine(headers)[:3, :3]
    assert axes[:, 0] == pytest.approx(
        0.7 * np.array([cosine, 0, sine]), abs=1e-4
    )
    assert axes[:, 2] == pytest.approx(step, abs=1e-4)
    assert axes[:, 0] @ axes[:, 2] == pytest.approx(0, abs=1e-6)


def test_angles():
    x, y = np.array([2.0, 0, 0]), np.array([0, 3.0, 0])
    assert angle_degrees(x, x) == 0
    assert angle_degrees(x, y) == pytest.approx(90)
    assert angle_degrees(x, -x) == 180
    assert angle_degrees(x, x + 2 / 3 * y) == pytest.approx(45)
