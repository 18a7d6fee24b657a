"""Sheared volumes on a straight grid, with numbers to check on paper."""

from dataclasses import replace

import numpy as np
import pytest

from mmuldor.scans.straight_grid import straighten
from mmuldor.scans.volume import Volume

# Columns, rows, slices in mm, and the first voxel's place.
SPACING, CORNER = (0.5, 1.0, 4.0), (-10.0, -20.0, 30.0)


def bright(values, shape=(4, 5, 6)):
    """Air with single bright voxels: {(slice, row, column): HU}."""
    hu = np.full(shape, -1024, dtype=np.int16)
    for place, value in values.items():
        hu[place] = value
    return hu


def sheared(hu, rows_px, columns_px=0.0):
    """Each slice is moved by so many px against the one below."""
    affine = np.diag([*SPACING, 1.0])
    affine[:3, 3] = CORNER
    affine[:2, 2] = columns_px * SPACING[0], rows_px * SPACING[1]
    return Volume(hu, affine, 'scan')


def test_a_straight_volume_stays_as_it_is():
    turned = np.eye(4)
    turned[:3, :3] = [[0.3, -1.6, 0], [0.4, 1.2, 0], [0, 0, 3]]
    volume = Volume(bright({}), turned)
    same, notes = straighten(volume)
    assert same is volume
    assert notes == []


def test_whole_pixels_are_moved_without_interpolation():
    volume = sheared(bright({(0, 1, 1): 50, (3, 1, 1): 70}), 2.0, -4.0)
    straight, notes = straighten(volume)
    # 2 px of 1 mm and 4 px of 0.5 mm in 4 mm: atan(sqrt(8) / 4).
    assert notes == [
        'slices slanted by 35.3 degrees, as by a gantry tilt, resampled to a '
        'straight grid'
    ]
    # Three intervals move the last slice by 6 rows and by -12 columns.
    assert straight.shape == (4, 11, 18)
    assert straight.hu.dtype == np.int16
    assert straight.hu[0, 1, 13] == 50
    assert straight.hu[3, 7, 1] == 70
    assert (straight.hu > -1024).sum() == 2
    expected = np.diag([*SPACING, 1.0])
    expected[:3, 3] = -16, -20, 30
    assert straight.affine == pytest.approx(expected)
    for before, after in (((1, 1, 0), (13, 1, 0)), ((1, 1, 3), (1, 7, 3))):
        assert straight.to_patient(after) == pytest.approx(
            volume.to_patient(before)
        )


def test_parts_of_a_pixel_are_interpolated():
    volume = sheared(bright({(1, 2, 3): 976, (2, 2, 3): 976}), 0.25)
    straight, _ = straighten(volume)
    assert straight.shape == (4, 6, 6)
    # A quarter of 2,000 HU goes to the next row, then a half.
    assert straight.hu[1, 1:5, 3].tolist() == [-1024, 476, -524, -1024]
    assert straight.hu[2, 1:5, 3].tolist() == [-1024, -24, -24, -1024]
    assert (straight.hu > -1024).sum() == 4


def test_a_gantry_tilt():
    # Rows run 14 degrees upward, and slices follow each other along the
    # table: 2.5 mm apart there, and 2.5 mm x cos(14 degrees) in their normal.
    cosine, sine = np.cos(np.radians(14)), np.sin(np.radians(14))
    affine = np.eye(4)
    affine[:3, :3] = np.column_stack(
        [[0.8, 0, 0], [0, 0.8 * cosine, 0.8 * sine], [0, 0, 2.5]]
    )
    volume = Volume(bright({(3, 2, 3): 200}), affine)
    assert volume.spacing_mm == pytest.approx((0.8, 0.8, 2.5 * cosine))
    straight, notes = straighten(volume)
    assert notes[0].startswith('slices slanted by 14.0 degrees')
    assert straight.spacing_mm == pytest.approx((0.8, 0.8, 2.5 * cosine))
    axes = straight.affine[:3, :3]
    assert axes.T @ axes == pytest.approx(np.diag(volume.spacing_mm) ** 2)
    # The voxel's HU above air are spread over two rows around its place.
    slices, rows, columns = np.nonzero(straight.hu > -1024)
    weights = straight.hu[slices, rows, columns] + 1024.0
    places = straight.to_patient(np.column_stack([columns, rows, slices]))
    assert weights.sum() == 1224
    assert weights @ places / 1224 == pytest.approx(
        volume.to_patient([[3, 2, 3]])[0], abs=1e-3
    )


def tilted(turn_degrees, decimals):
    """An affine of a gantry tilted by 14 degrees and a turned patient.

    The columns are at a right angle to the rows and to the table, so that
    two pairs of axes may be the plane of the slices.
    """
    tilt, turn = np.radians([14, turn_degrees])
    about_x = [[1, 0, 0], [0, np.cos(tilt), 0], [0, np.sin(tilt), 1]]
    about_z = [
        [np.cos(turn), -np.sin(turn), 0],
        [np.sin(turn), np.cos(turn), 0],
        [0, 0, 1],
    ]
    affine = np.eye(4)
    unit = np.round(np.array(about_z) @ about_x, decimals)
    affine[:3, :3] = unit * [0.5, 0.5, 5]
    return affine


@pytest.mark.parametrize('decimals', [4, 6, 15])
@pytest.mark.parametrize('turn_degrees', [-7, 0, 0.1, 3])
def test_rounding_does_not_choose_the_slices(turn_degrees, decimals):
    hu = bright({}, shape=(6, 64, 64))
    straight, _ = straighten(Volume(hu, tilted(turn_degrees, decimals)))
    # 5 mm x sin(14 degrees) / 0.5 mm = 2.42 px a slice.
    assert straight.shape == (6, 64 + 13, 64)
    assert straight.slice_axis == 2


def test_slices_that_a_reader_knows():
    """Of coronal slices, here: their affine may be that of axial ones."""
    volume = Volume(bright({}, shape=(64, 6, 64)), tilted(0, 15))
    assert straighten(volume)[0].slice_axis == 2
    straight, _ = straighten(replace(volume, slice_axis=1))
    assert straight.slice_axis == 1
    # Rows are 0.5 mm x sin(14 degrees) / 5 mm = 0.024 slices apart.
    assert straight.shape == (64, 6, 64)


@pytest.mark.parametrize('axis', [0, 1, 2])
def test_slices_may_run_along_any_axis(axis):
    """Of sagittal or coronal slices, other axes are slanted."""
    rng = np.random.default_rng(axis)
    hu = rng.integers(-1000, 1000, (6, 6, 6)).astype(np.int16)
    affine = np.eye(4)
    affine[(axis + 1) % 3, axis] = 0.5
    moved = Volume(hu, affine)
    straight, _ = straighten(moved)
    axes = straight.affine[:3, :3]
    assert axes.T @ axes - np.diag(np.diag(axes.T @ axes)) == pytest.approx(
        np.zeros((3, 3)), abs=1e-12
    )
    assert np.linalg.det(axes) == pytest.approx(np.linalg.det(affine))


@pytest.mark.parametrize('seed', range(5))
def test_any_shear_keeps_what_lies_in_the_patient(seed):
    """HU that grow linearly in the patient do so on both grids."""
    rng = np.random.default_rng(seed)
    affine = np.eye(4)
    affine[:3, :3] = (np.eye(3) + rng.normal(0, 0.1, (3, 3))) * [0.7, 0.8, 2]
    shape = (9, 12, 15)
    indices = np.indices(shape).reshape(3, -1)[::-1].T
    slopes = np.array([20.0, -13, 7])
    volume = Volume(np.zeros(shape, np.int16), affine)
    hu = np.rint(volume.to_patient(indices) @ slopes).astype(np.int16)
    volume = Volume(hu.reshape(shape), affine)
    straight, _ = straighten(volume)
    places = np.indices(straight.shape).reshape(3, -1)[::-1].T
    there = straight.to_patient(places)
    before = (there - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
    inside = (before > 1).all(axis=1)
    inside &= (before < np.array(shape[::-1]) - 2).all(axis=1)
    assert inside.sum() > 300
    found = straight.hu.reshape(-1)[inside]
    # A quarter of a pixel may stay: 0.25 x 0.8 mm x 25 HU/mm = 5 HU.
    assert np.abs(found - there[inside] @ slopes).max() < 5


def test_a_small_shear_needs_no_interpolation():
    volume = sheared(bright({(3, 1, 1): 50}), 0.16)
    straight, notes = straighten(volume)
    assert straight.hu is volume.hu
    assert notes == []
    # 0.48 px from the first to the last slice: the middle stays in place.
    assert straight.affine[:3, 3] == pytest.approx([-10, -20 + 0.24, 30])
    assert straight.affine[:3, 2].tolist() == [0, 0, 4]


def test_labels_stay_whole_numbers():
    labels = bright({}) * 0
    labels[1:3, 2, 3] = 7
    volume = sheared(labels.astype(np.uint16), 0.75)
    straight, _ = straighten(volume, labels=True)
    assert straight.hu.dtype == np.uint16
    assert np.argwhere(straight.hu).tolist() == [[1, 3, 3], [2, 4, 3]]
    assert set(np.unique(straight.hu)) == {0, 7}
    hu, _ = straighten(sheared(bright({}), 0.75))
    assert straight.shape == hu.shape
    assert np.array_equal(straight.affine, hu.affine)


@pytest.mark.parametrize(
    ('lowest', 'air'), [(-3024, -1024), (-1010, -1010), (0, -1000)]
)
def test_new_voxels_are_air(lowest, air):
    hu = bright({}) * 0
    hu[0, 0, 0] = lowest
    straight, _ = straighten(sheared(hu.astype(np.int16), 1.0))
    assert straight.hu[3, 0, 0] == air


def test_what_no_gantry_does(monkeypatch):
    with pytest.raises(ValueError, match=r'^scan: .* slanted by 51\.3 deg'):
        straighten(sheared(bright({}), 5.0))
    monkeypatch.setattr('mmuldor.scans.straight_grid.MAX_VOXELS', 191)
    # 3 intervals move the last slice by 3 of 5 rows: 4 x 8 x 6 voxels.
    with pytest.raises(ValueError, match=r'at most 191 voxels, but has 192'):
        straighten(sheared(bright({}), 1.0))
