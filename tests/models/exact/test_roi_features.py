"""RoI features by every extractor, layout, type and kind of operators."""

import sys
import types

import pytest
import torch
from mmdet.models.roi_heads.roi_extractors.base_roi_extractor import (
    BaseRoIExtractor,
)
from mmdet.registry import MODELS

import mmuldor.models  # noqa: F401
from mmuldor.ops import extension

ROI_LAYER = dict(type='RoIAlign', output_size=7, sampling_ratio=0)
STRIDES = [4, 8, 16, 32]
EXTRACTORS = {
    'one level a RoI': dict(type='SingleRoIExtractor'),
    'all levels summed': dict(type='GenericRoIExtractor', aggregation='sum'),
}
# Coordinates that bfloat16 would round by up to 1 px.
ROIS = torch.tensor(
    [
        [0, 300.6, 20.3, 341.2, 77.7],
        [1, 3.3, 130.9, 251.1, 259.4],
        [0, 201.7, 201.2, 219.3, 220.6],
        [1, 5.1, 7.2, 470.3, 499.9],
    ]
)


def raw_memory(tensor):
    """A tensor as a compiled kernel reads it: (N, C, H, W) one by one."""
    return tensor.as_strided(tensor.shape, torch.empty(tensor.shape).stride())


def raw_forward(input, rois, output, *args, **kwargs):
    """The stand-in with what compiled kernels cannot do."""
    if input.dtype == torch.bfloat16:
        raise RuntimeError("not implemented for 'BFloat16'")
    extension.roi_align_forward(
        *(raw_memory(input), rois, output, *args), **kwargs
    )


@pytest.fixture(params=['in use', 'reads raw memory'])
def operators(request, monkeypatch):
    """mmcv's extension as it is, or one like the compiled one."""
    if request.param == 'reads raw memory':
        raw = types.SimpleNamespace(
            roi_align_forward=raw_forward,
            roi_align_backward=extension.roi_align_backward,
        )
        module = sys.modules['mmcv.ops.roi_align']
        monkeypatch.setattr(module, 'ext_module', raw)


def build(kind):
    return MODELS.build(
        dict(
            EXTRACTORS[kind],
            roi_layer=ROI_LAYER,
            out_channels=16,
            featmap_strides=STRIDES,
        )
    )


def maps(dtype=torch.float32, last=False):
    generator = torch.Generator().manual_seed(0)
    layout = torch.channels_last if last else torch.contiguous_format
    return [
        torch.randn(2, 16, 512 // s, 512 // s, generator=generator)
        .to(dtype)
        .contiguous(memory_format=layout)
        .requires_grad_()
        for s in STRIDES
    ]


@pytest.mark.parametrize('kind', EXTRACTORS)
@pytest.mark.parametrize('last', [False, True])
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
@pytest.mark.usefixtures('operators')
def test_features_and_gradients_do_not_depend_on_layout_and_type(
    kind, last, dtype
):
    extractor = build(kind)
    reference = maps()
    expected = extractor(reference, ROIS)
    expected.square().sum().backward()
    feats = maps(dtype, last)
    found = extractor(feats, ROIS)
    assert found.dtype == dtype
    found.float().square().sum().backward()
    close = 1e-4 if dtype == torch.float32 else torch.finfo(dtype).eps
    assert largest_error(found, expected) < close
    for one, other in zip(feats, reference, strict=True):
        # A sum of squares doubles relative errors.
        assert largest_error(one.grad, other.grad) < 2 * close


def largest_error(found, expected):
    expected = expected.detach()
    difference = (found.detach().float() - expected).abs().max()
    # A level without RoIs has gradients of zero.
    return difference / expected.abs().max().clamp(min=1e-6)


class Recorder(BaseRoIExtractor):
    """An extractor of a user."""

    def forward(self, feats, rois, roi_scale_factor=None):
        self.seen = feats, rois, roi_scale_factor
        return feats[0].new_zeros(len(rois), 1)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
@pytest.mark.usefixtures('operators')
def test_rois_are_never_rounded_by_any_extractor(dtype):
    recorder = Recorder(ROI_LAYER, 16, STRIDES)
    found = recorder(maps(dtype, last=True), ROIS, roi_scale_factor=1.5)
    feats, rois, factor = recorder.seen
    assert torch.equal(rois, ROIS)
    assert factor == 1.5
    assert all(level.dtype == torch.float32 for level in feats)
    assert found.dtype == dtype


@pytest.mark.usefixtures('operators')
def test_maps_are_copied_only_for_operators_that_need_it():
    """mmcv imports the stand-in under the name of its own extension."""
    recorder, feats = Recorder(ROI_LAYER, 16, STRIDES), maps(last=True)
    recorder(feats, ROIS)
    operators = sys.modules['mmcv.ops.roi_align'].ext_module
    stand_in = getattr(operators, '__file__', '') == extension.__file__
    for level, given in zip(recorder.seen[0], feats, strict=True):
        assert (level is given) is stand_in
        assert level.is_contiguous() is not stand_in


def test_float32_maps_in_order_are_passed_as_they_are():
    recorder, feats = Recorder(ROI_LAYER, 16, STRIDES), maps()
    recorder(feats, ROIS)
    assert all(a is b for a, b in zip(recorder.seen[0], feats, strict=True))
    assert recorder.seen[1] is ROIS


def test_no_roi_and_float64():
    extractor = build('one level a RoI')
    assert extractor(maps(), ROIS[:0]).shape == (0, 16, 7, 7)
    assert extractor(maps(torch.float64), ROIS).dtype == torch.float64
