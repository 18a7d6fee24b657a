"""True lesions of a scan, found by its name and moved to its grid."""

import numpy as np
import pytest

from mmuldor.evaluation.volume_detections import true_boxes
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


def test_elsewhere(volumes):
    with pytest.raises(ValueError, match='no part in common'):
        true_boxes('case', grid(2.0, 500.0), volumes)
