"""What counts as found in a volume unless one says otherwise."""

import numpy as np
import pytest

from mmuldor.evaluation.volume_detections import VolumeDetections
from mmuldor.evaluation.volume_froc import evaluate_volumes
from mmuldor.io.volume_annotations import TrueVolume


@pytest.mark.parametrize(('depth', 'sensitivity'), [(1.0, 1), (0.9, 0)])
def test_a_tenth_of_3d_iou_is_a_hit(depth, sensitivity):
    lesion = TrueVolume('a', 'test', None, np.array([[0, 0, 0, 10, 10, 10]]))
    # The centre of both lies within the lesion.
    boxes = np.array([[0, 0, 0, 10, 10, depth]])
    found = VolumeDetections(np.array([0]), boxes, np.array([0.5]), 0)
    done = evaluate_volumes([lesion], found)
    assert done.curve.sensitivity[-1] == sensitivity
