import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmuldor.ops.nms import _greedy_nms, nms
from mmuldor.ops.nms_on_cpu import nms_of_sorted, parts_apart


def brute_force(boxes, scores, threshold, offset):
    """Greedy NMS, pair by pair, in float32."""
    boxes = boxes.numpy().astype(np.float32)
    size = boxes[:, 2:] - boxes[:, :2] + np.float32(offset)
    area = size[:, 0] * size[:, 1]
    kept = []
    for i in scores.sort(descending=True).indices.tolist():
        for j in kept:
            low = np.maximum(boxes[i, :2], boxes[j, :2])
            high = np.minimum(boxes[i, 2:], boxes[j, 2:])
            inter = np.prod((high - low + np.float32(offset)).clip(0))
            union = area[j] + area[i] - inter
            if union and inter / union > np.float32(threshold):
                break
        else:
            kept.append(i)
    return kept


def test_keeps_the_best_of_overlapping_boxes():
    # IoU of the first two: 80 / 120. The third touches none.
    boxes = torch.tensor(
        [[0.0, 0, 10, 10], [2, 0, 12, 10], [30, 30, 40, 40], [0, 0, 10, 10]]
    )
    scores = torch.tensor([0.5, 0.9, 0.1, 0.4])
    assert nms(boxes, scores, 0.6, 0).tolist() == [1, 2]
    assert nms(boxes, scores, 0.7, 0).tolist() == [1, 0, 2]


def test_a_box_that_only_a_fallen_box_overlaps_stays():
    # 0 fells 1 (IoU 6/14), 1 would fell 2 (6/14), 0 and 2 share 2/18.
    boxes = torch.tensor([[0.0, 0, 10, 1], [4, 0, 14, 1], [8, 0, 18, 1]])
    scores = torch.tensor([0.9, 0.8, 0.7])
    assert nms(boxes, scores, 0.4, 0).tolist() == [0, 2]


def test_iou_equal_to_the_threshold_stays():
    # 0.3 in float32 lies above 0.3: a comparison in float64 would drop it.
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 3, 10]])
    assert nms(boxes, torch.tensor([0.9, 0.8]), 0.3, 0).tolist() == [0, 1]


def test_offset_counts_pixels_instead_of_lengths():
    # Lengths 1 and 2: IoU 1/2. Pixels 2 and 3: IoU 4/6.
    boxes = torch.tensor([[0.0, 0, 1, 1], [0, 0, 2, 1]])
    scores = torch.tensor([0.9, 0.8])
    assert nms(boxes, scores, 0.6, 0).tolist() == [0, 1]
    assert nms(boxes, scores, 0.6, 1).tolist() == [0]


def test_no_boxes():
    kept = nms(torch.zeros(0, 4), torch.zeros(0), 0.5, 0)
    assert kept.dtype == torch.int64
    assert kept.shape == (0,)


@pytest.mark.parametrize(
    'dtype', [torch.float16, torch.bfloat16, torch.float64]
)
def test_other_float_types(dtype):
    boxes = torch.tensor([[0, 0, 10, 10], [2, 0, 12, 10]], dtype=dtype)
    scores = torch.tensor([0.5, 0.9], dtype=dtype)
    assert nms(boxes, scores, 0.6, 0).tolist() == [1]


@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 150),
    threshold=st.sampled_from([0.1, 0.3, 0.5, 0.7]),
    offset=st.sampled_from([0, 1]),
    whole=st.booleans(),
)
def test_equals_pair_by_pair(seed, count, threshold, offset, whole):
    generator = torch.Generator().manual_seed(seed)
    low = 60 * torch.rand(count, 2, generator=generator)
    high = low + 40 * torch.rand(count, 2, generator=generator)
    boxes = torch.cat([low, high], 1)
    scores = torch.rand(count, generator=generator)
    if whole:
        boxes, scores = boxes.round(), (10 * scores).round()
    kept = nms(boxes, scores, threshold, offset).tolist()
    assert kept == brute_force(boxes, scores, threshold, offset)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(60, 400),
    levels=st.integers(1, 5),
    distance=st.sampled_from([30.0, 100.0, 101.0, 5000.3]),
    offset=st.sampled_from([0, 1]),
)
def test_levels_apart_equal_pair_by_pair(
    seed, count, levels, distance, offset
):
    generator = torch.Generator().manual_seed(seed)
    low = (60 * torch.rand(count, 2, generator=generator)).round()
    high = low + (40 * torch.rand(count, 2, generator=generator)).round()
    level = torch.randint(levels, (count, 1), generator=generator)
    boxes = torch.cat([low, high], 1) + level * distance
    scores = (200 * torch.rand(count, generator=generator)).round()
    kept = nms(boxes, scores, 0.4, offset).tolist()
    assert kept == brute_force(boxes, scores, 0.4, offset)


def test_parts_lie_apart_and_are_no_crumbs():
    low = 60 * np.random.default_rng(0).random((300, 2))
    boxes = np.hstack([low, low + 30])
    # The first ten lie apart, but are less work together with others.
    boxes[10:] += 1000
    boxes[100:] += 1000
    parts = parts_apart(boxes, 0.5, 0)
    assert [part.tolist() for part in parts] == [
        list(range(100)),
        list(range(100, 300)),
    ]
    touching = boxes.copy()
    touching[0, 2] = touching[100:, 0].min()
    assert len(parts_apart(touching, 0.5, 0)) == 1
    assert len(parts_apart(boxes * np.nan, 0.5, 0)) == 1
    assert len(parts_apart(boxes, -0.1, 0)) == 1


def test_code_for_gpus_keeps_the_same_boxes():
    generator = torch.Generator().manual_seed(1)
    # More than two blocks, and few enough pixels that most boxes fall.
    low = 300 * torch.rand(4500, 2, generator=generator)
    high = low + 10 + 40 * torch.rand(4500, 2, generator=generator)
    boxes = torch.cat([low, high], 1)
    for offset in (0, 1):
        kept = nms_of_sorted(boxes.numpy(), 0.5, offset)
        assert 1000 < len(kept) < 3000
        assert _greedy_nms(boxes, 0.5, offset).tolist() == kept.tolist()
