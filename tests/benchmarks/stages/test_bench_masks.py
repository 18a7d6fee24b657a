import numpy as np
import pytest

from benchmarks.stages import bench_masks

PAIRS = np.array(
    [
        [[100, 100], [140, 100], [120, 90], [120, 115]],
        [[10, 40], [90, 40], [50, 50], [50, 95]],
    ],
    dtype=float,
)


def test_masks_of_both_kinds_are_the_same_lesions():
    agreement = bench_masks.check(PAIRS)['agreement']
    assert set(agreement) == {'point by point', 'lesion by lesion'}
    assert all(kind['dice_1_percent'] > 0.97 for kind in agreement.values())


def test_other_masks_are_not_timed(monkeypatch):
    outline = bench_masks.outline
    monkeypatch.setattr(bench_masks, 'outline', lambda pair: outline(pair + 9))
    with pytest.raises(AssertionError, match='point by point: Dice'):
        bench_masks.check(PAIRS)
