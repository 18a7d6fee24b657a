"""Bins as sums of pixels equal the operator's."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmcv.ops import RoIAlign
from mmengine.registry import MODELS, init_default_scope

from mmuldor.models.roi_bags import RoIBags, pool_in_bags
from tests.support.memory import at_most
from tests.support.small_configs import narrow_mask_rcnn


def test_mean_of_each_bin_of_a_ramp():
    # The box spans 1.5 to 5.5 in pixel centres; its bins 1.5-3.5, 3.5-5.5.
    ramp = torch.arange(8).float().expand(1, 1, 8, 8)
    layer = RoIBags(RoIAlign(2, 1.0, 0))
    pooled = layer(ramp, torch.tensor([[0.0, 2, 2, 6, 6]]))
    assert pooled.tolist() == [[[[2.5, 4.5], [2.5, 4.5]]]]
    assert layer(ramp, torch.zeros(0, 5)).shape == (0, 1, 2, 2)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 600),
    size=st.sampled_from([1, 7, (3, 2)]),
    scale=st.sampled_from([1.0, 0.25]),
    sampling_ratio=st.sampled_from([0, 1, 2, 3]),
    aligned=st.booleans(),
    channels_last=st.booleans(),
)
def test_equals_the_operator(
    seed, count, size, scale, sampling_ratio, aligned, channels_last
):
    generator = torch.Generator().manual_seed(seed)
    maps = torch.randn(2, 5, 20, 30, generator=generator)
    if channels_last:
        maps = maps.to(memory_format=torch.channels_last)
    # Some lie beyond the map, and some have no size.
    low = (60 * torch.rand(count, 2, generator=generator) - 15) / scale
    side = 25 * torch.rand(count, 2, generator=generator) / scale
    side[::7] = 0
    image = torch.randint(2, (count, 1), generator=generator)
    rois = torch.cat([image, low, low + side], 1)
    layer = RoIAlign(size, scale, sampling_ratio, 'avg', aligned)
    with torch.no_grad():
        expected, found = layer(maps, rois), RoIBags(layer)(maps, rois)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_wrong_boxes_are_refused():
    layer = RoIBags(RoIAlign(2, 1.0, 0))
    for box in (
        *([1.0, 0, 0, 4, 4], [0, 0, 0, torch.nan, 4], [0, 4, 4, 0, 0]),
        [0, 0, 0, 1e9, 4],
    ):
        with (
            at_most(50e6),
            pytest.raises(ValueError, match='`rois` must be finite'),
        ):
            layer(torch.zeros(1, 1, 8, 8), torch.tensor([box]))


def test_layers_of_a_detector_are_replaced_but_max_pooling():
    init_default_scope('mmdet')
    detector = MODELS.build(narrow_mask_rcnn().model)
    boxes, masks = (
        detector.roi_head.bbox_roi_extractor.roi_layers,
        detector.roi_head.mask_roi_extractor.roi_layers,
    )
    masks[0].pool_mode = 'max'
    pool_in_bags(detector)
    assert {type(layer) for layer in boxes} == {RoIBags}
    assert [type(layer) for layer in masks] == [RoIAlign] + 3 * [RoIBags]
    assert boxes[1].spatial_scale == 1 / 8
