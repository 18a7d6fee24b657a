"""A scan on a coarse grid."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mmuldor.functional.follow_up.deformation import moved
from mmuldor.scans.follow_up.coarse import (
    AIR_HU,
    CoarseScan,
    coarse_grid_mm,
)
from mmuldor.scans.volume import Volume


def oblique_box(shape=(6, 40, 50), spacing=(2.0, 2.0, 4.0)):
    """A body of 20 x 20 voxels on slices that are turned by 20 degrees."""
    hu = np.full(shape, -1000, np.int16)
    hu[:, 10:30, 20:40] = 40
    affine = np.eye(4)
    turn = Rotation.from_euler('zyx', [20, 5, -3], degrees=True).as_matrix()
    affine[:3, :3] = turn * spacing
    affine[:3, 3] = -100, 30, 700
    return Volume(hu, affine, 'box')


def test_voxels_stay_where_they_are():
    volume = oblique_box()
    coarse = CoarseScan.of(volume, 4.0)
    assert coarse.hu.shape == (6, 20, 25)
    assert coarse.spacing_mm == pytest.approx((4, 4, 4))
    # Voxel (5, 7, 2) of 4 mm: between 10, 11 and 14, 15 of 2 mm.
    fine = volume.to_patient(np.array([10.5, 14.5, 2]))[0]
    np.testing.assert_allclose(
        moved(np.array([5.0, 7, 2]), coarse.affine), fine
    )
    image = coarse.image()
    np.testing.assert_allclose(
        image.TransformIndexToPhysicalPoint((5, 7, 2)), fine
    )
    assert image.GetPixel((12, 7, 2)) == 40
    assert image.GetPixel((5, 7, 2)) == AIR_HU


def test_cropped_and_joined():
    coarse = CoarseScan.of(oblique_box(), 4.0)
    cropped = coarse.cropped()
    # 10 voxels of body, 4 of air on each side.
    assert cropped.hu.shape == (6, 18, 18)
    assert cropped.body.sum() == coarse.body.sum()
    for scan in (cropped, coarse.joined(2)):
        np.testing.assert_allclose(
            scan.body_center_mm(-np.inf, np.inf),
            coarse.body_center_mm(-np.inf, np.inf),
            atol=1e-6,
        )


def test_profiles():
    coarse = CoarseScan.of(oblique_box(), 4.0)
    # 20 x 20 pixels of 4 mm2.
    assert coarse.profiles() == pytest.approx(np.tile([16.0, 0, 0], (6, 1)))
    assert np.diff(coarse.slice_mm()) == pytest.approx(
        [coarse.affine[2, 2]] * 5
    )


def test_nothing_but_air():
    volume = Volume(np.full((4, 9, 9), -1000, np.int16), np.eye(4), 'air')
    with pytest.raises(ValueError, match='air must show a body'):
        CoarseScan.of(volume, 4.0)


def test_the_grid_of_a_large_scan():
    small = oblique_box()
    assert coarse_grid_mm(small) == 4
    # 600 x 600 x 900 mm in 1.5 million voxels: 216 mm3 each.
    large = Volume(
        np.broadcast_to(np.int16(0), (300, 600, 600)),
        np.diag([1.0, 1, 3, 1]),
        'large',
    )
    assert coarse_grid_mm(small, large) == pytest.approx(6)
