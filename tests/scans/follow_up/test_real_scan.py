"""A real CT, moved and deformed in a known way."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from mmuldor.functional.follow_up.deformation import grid_points, moved
from mmuldor.scans.follow_up.judging import judge
from mmuldor.scans.follow_up.registration import register
from mmuldor.scans.reading import read_scan

# How far tissue moves along the body, at most, and over which distance.
WAVE_MM, LENGTH_MM = 10.0, 60.0


def wave(points_mm, middle):
    """A displacement along z, largest in the middle of the scan."""
    away = np.linalg.norm(points_mm - middle, axis=-1) / LENGTH_MM
    return WAVE_MM * np.exp(-(away**2))


@pytest.mark.slow
@pytest.mark.parametrize('name', ['example_ct_sm', 'aorta_ct_cropped'])
def test_places_are_found(real_data, name):
    """The follow-up shows at q what the baseline has at q + wave(q)."""
    volume, _ = read_scan(
        real_data / f'nifti/{name}.nii.gz', accept_values=True
    )
    points = grid_points(volume.shape, volume.affine)
    middle = points.reshape(-1, 3).mean(axis=0)
    there = points.copy()
    there[..., 2] += wave(points, middle)
    index = moved(there, np.linalg.inv(volume.affine))
    hu = ndimage.map_coordinates(
        volume.hu, np.moveaxis(index, -1, 0)[::-1], order=1, mode='nearest'
    )
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler('z', 4, degrees=True).as_matrix()
    turn[:3, 3] = 12, -9, 20
    follow_up = replace(volume, hu=hu, affine=turn @ volume.affine)
    found = register(volume, follow_up)
    found, quality = judge(found)
    assert quality.problem == ''
    inside = hu[4:-4:3, 20:-20:8, 20:-20:8] > -200
    here = points[4:-4:3, 20:-20:8, 20:-20:8][inside]
    true = there[4:-4:3, 20:-20:8, 20:-20:8][inside]
    errors = np.linalg.norm(
        found.to_baseline(moved(here, turn)) - true, axis=1
    )
    assert np.median(errors) < 3
    assert np.percentile(errors, 95) < 6
