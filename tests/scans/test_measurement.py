import numpy as np
import pytest

from mmuldor.scans.lesions import SliceDetection
from mmuldor.scans.measurement import measure_lesion

AFFINE = np.diag([0.5, 1.0, 3.0, 1.0])


def detection(index, score, outline=None, area=0):
    return SliceDetection(
        index, np.array([2.0, 4.0, 10.0, 8.0]), score, outline, area
    )


def test_pixels_need_not_be_square():
    # 8 x 4 px of 0.5 x 1 mm: a square of 4 mm.
    square = np.array([[2, 4], [10, 4], [10, 8], [2, 8]], dtype=float)
    lesion = measure_lesion([detection(5, 0.9, square, 32)], AFFINE)
    assert lesion.long_mm == pytest.approx(np.hypot(4, 4))
    assert lesion.short_mm == pytest.approx(np.hypot(4, 4), abs=1e-4)
    assert lesion.box_mm.tolist() == [1, 4, 13.5, 5, 8, 16.5]
    assert lesion.center_lps_mm.tolist() == [3, 6, 15]
    # 32 px of 0.5 mm2, 3 mm thick.
    assert lesion.volume_ml == pytest.approx(0.048)
    back = lesion.recist_px * [0.5, 1.0]
    assert np.hypot(*(back[1] - back[0])) == pytest.approx(lesion.long_mm)


def test_without_masks_nothing_is_made_up():
    lesion = measure_lesion([detection(5, 0.9), detection(4, 0.5)], AFFINE)
    assert lesion.long_mm is lesion.short_mm is lesion.recist_px is None
    assert lesion.volume_ml is None
    assert lesion.key_slice == 5
    assert lesion.box_mm[[2, 5]].tolist() == [10.5, 16.5]
