"""What the benchmark of volumes calls a body, and the same lesions."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.stages.bench_volumes import (
    check,
    found,
    share_of_body,
    surrounded,
)
from mmuldor.scans.lesions import SliceDetection
from mmuldor.scans.measurement import measure_lesion
from mmuldor.scans.volume import Volume


def volume():
    """20 x 30 px of tissue in 40 x 60 px."""
    hu = np.full((2, 40, 60), -1000, dtype=np.int16)
    hu[:, 10:30, 20:50] = 40
    return Volume(hu, np.eye(4))


def test_the_share_of_a_body():
    assert share_of_body(volume()) == 600 / 2400
    # 60 x 80 px.
    assert share_of_body(surrounded(volume(), 10)) == 600 / 4800
    cut = surrounded(volume(), None)
    assert cut.shape == (2, 20, 30)
    assert share_of_body(cut) == 1


def lesion(x=10.0, score=0.8):
    box = np.array([x, 10.0, x + 20, 30.0])
    return measure_lesion([SliceDetection(1, box, score, None)], np.eye(4))


@pytest.mark.parametrize(
    ('others', 'match'),
    [
        ([], '1 and 0 lesions'),
        # 18 of 22 px.
        ([lesion(x=12.0)], 'IoU 0.81'),
        ([lesion(score=0.83)], 'scores 0.8 and 0.83'),
    ],
)
def test_other_lesions_are_an_error(others, match):
    with pytest.raises(AssertionError, match=match):
        check(found([lesion()]), found(others))


def test_almost_the_same_lesions_are_the_same():
    check(found([lesion()]), found([lesion(x=10.2, score=0.79)]))
    check(found([lesion()]), found([replace(lesion(), volume_ml=1.0)]))
