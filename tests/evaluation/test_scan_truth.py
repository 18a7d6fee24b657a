"""True lesions of a scan, found by its name and moved to its grid."""

import numpy as np
import pytest

from mmuldor.evaluation.volume_detections import (
    load_volume_detections,
    true_boxes,
)
from mmuldor.io.json_files import write_json
from mmuldor.io.volume_annotations import TrueVolume, VolumeGrid

BOX = np.array([[2.0, 2, 2, 4, 4, 4]])


def grid(spacing, origin, shape=(10, 10, 10)):
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = origin
    return VolumeGrid(shape, np.full(3, spacing), affine)


@pytest.fixture
def volumes():
    return [TrueVolume('case', 'val', grid(1.0, 0.0), BOX)]


@pytest.mark.parametrize(
    'source', ['/data/case.nii.gz', 'case.NII', 'case', 'case_0000.nii.gz']
)
def test_by_name(volumes, source):
    found = true_boxes(source, grid(1.0, 0.0), volumes)
    assert found == pytest.approx(BOX)


def test_of_another_scan(volumes):
    assert true_boxes('other.nii.gz', grid(1.0, 0.0), volumes) is None


def test_on_another_grid(volumes):
    # The scan's first voxel lies at 1 mm of the volume's.
    found = true_boxes('case', grid(2.0, 1.0, (5, 5, 5)), volumes)
    assert found == pytest.approx(BOX - 1)


@pytest.mark.parametrize('up_mm', [0.0, 0.05, 5.0, -3.0])
def test_the_same_shape_at_another_place(volumes, up_mm):
    found = true_boxes('case', grid(1.0, (0, 0, up_mm)), volumes)
    # Less than a tenth of a voxel is rounding.
    moved = np.array([0, 0, up_mm if abs(up_mm) > 0.1 else 0] * 2)
    assert found == pytest.approx(BOX - moved)


def test_detections_of_the_same_shape_at_another_place(volumes, tmp_path):
    there = grid(1.0, (0, 0, 5))
    path = tmp_path / 'case' / 'lesions.json'
    document = {
        'shape': there.shape,
        'spacing_mm': there.spacing_mm.tolist(),
        'affine_lps': there.affine.tolist(),
        'lesions': [{'box_mm': [2, 2, 1, 4, 4, 3], 'score': 0.5}],
    }
    write_json(path, document)
    found = load_volume_detections([path], volumes)
    assert found.boxes_mm.tolist() == [[2, 2, 6, 4, 4, 8]]


def test_png_slices_have_the_voxels_of_their_volume():
    """They do not say where they lie, but shape and spacing are right."""
    png = grid(1.0, (0, 0, -9.0))
    volumes = [TrueVolume('case', 'val', grid(1.0, (-200, 50, 7)), BOX)]
    assert true_boxes('case', png, volumes) == pytest.approx(BOX)


def test_elsewhere(volumes):
    with pytest.raises(ValueError, match='no part in common'):
        true_boxes('case', grid(2.0, 500.0), volumes)
    with pytest.raises(ValueError, match='no part in common'):
        true_boxes('case', grid(1.0, (0, 0, 10)), volumes)
