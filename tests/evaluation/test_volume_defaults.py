"""What counts as found in a volume, and where a table's curve ends."""

import numpy as np
import pytest

from mmuldor.evaluation.froc_table import held_note
from mmuldor.evaluation.volume_detections import VolumeDetections
from mmuldor.evaluation.volume_froc import evaluate_volumes, volume_table
from mmuldor.functional.froc import FROCCurve
from mmuldor.io.volume_annotations import TrueVolume


@pytest.mark.parametrize(('depth', 'sensitivity'), [(1.0, 1), (0.9, 0)])
def test_a_tenth_of_3d_iou_is_a_hit(depth, sensitivity):
    lesion = TrueVolume('a', 'test', None, np.array([[0, 0, 0, 10, 10, 10]]))
    # The centre of both lies within the lesion.
    boxes = np.array([[0, 0, 0, 10, 10, depth]])
    found = VolumeDetections(np.array([0]), boxes, np.array([0.5]), 0)
    done = evaluate_volumes([lesion], found)
    assert done.curve.sensitivity[-1] == sensitivity


def test_the_end_of_a_curve_is_said_of_the_rates_of_cpm_too():
    box = np.array([[0, 0, 0, 10, 10, 10]])
    lesion = TrueVolume('a', 'test', None, box)
    found = VolumeDetections(np.array([0]), box + 50, np.array([0.5]), 0)
    done = evaluate_volumes([lesion], found, fp_rates=[0.25, 0.5])
    assert '; the curve ends at 1.00 FPs, its last' in volume_table(done)


def test_a_curve_that_reaches_the_last_rate_has_no_note():
    curve = FROCCurve(np.array([0, 8.0]), np.array([0, 0.5]))
    assert held_note(curve, 8) == ''
    assert 'ends at 8.00 FPs' in held_note(curve, 8.1)
