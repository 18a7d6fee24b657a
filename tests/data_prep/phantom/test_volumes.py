"""Boxes of phantom lesions in space."""

from types import SimpleNamespace

import numpy as np
import pytest

from data_prep.phantom.records import KeySlice
from data_prep.phantom.volumes import volume_truth


class Block:
    """A lesion on slices 12 to 14: columns 3 to 5, rows 7 to 8."""

    def mask(self, canvas, height):
        mask = np.zeros((16, 16), bool)
        if -14 * 2.5 <= height <= -12 * 2.5:
            mask[7:9, 3:6] = True
        return mask


SERIES = SimpleNamespace(
    folder='000004_01_02',
    spacing=0.5,
    interval=2.5,
    scanner=SimpleNamespace(size=16),
    canvas=lambda: None,
    height=lambda number: -2.5 * number,
)
FINDING = SimpleNamespace(lesion=Block(), site=SimpleNamespace(lesion_type=5))


@pytest.mark.parametrize(
    ('numbers', 'low', 'high'),
    [
        # Slice 17 is index 0, so 12 to 14 are 3 to 5.
        (range(11, 18), 3, 5),
        # 13 is the uppermost slice: 12 is cut off.
        (range(13, 16), 1, 2),
    ],
)
def test_a_block_of_voxels(numbers, low, high):
    place = KeySlice(patient=4, study=1, key=13, split=2)
    entry = volume_truth([FINDING], SERIES, place, list(numbers))
    assert entry['name'] == f'000004_01_02_0{numbers[0]}-0{numbers[-1]}'
    assert entry['split'] == 'val'
    assert entry['patient'] == 4
    assert entry['shape'] == [len(numbers), 16, 16]
    assert entry['spacing_mm'] == [0.5, 0.5, 2.5]
    # The uppermost slice lies at 0 mm.
    assert entry['affine_lps'][2] == [0, 0, 2.5, -2.5 * (len(numbers) - 1)]
    (lesion,) = entry['lesions']
    assert lesion['key_slice'] == numbers[-1] - 13
    assert lesion['box_mm'] == [
        1.25, 3.25, (low - 0.5) * 2.5, 2.75, 4.25, (high + 0.5) * 2.5,
    ]  # fmt: skip
