"""The stand-in beside mmcv's compiled operators, stored and live."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mmuldor.ops.info import compiled_operators
from mmuldor.ops.nms import nms
from mmuldor.ops.roi_align import roi_align_backward, roi_align_forward
from mmuldor.ops.torchvision_ops import torchvision_ops, unavailable_reason

FILE = Path(__file__).with_name('compiled_reference.npz')
CASES = json.loads(str(np.load(FILE)['cases']))


@pytest.fixture
def in_pytorch(monkeypatch):
    """Leave torchvision out where it is installed."""
    for name in ('nms', 'roi_align'):
        module = importlib.import_module(f'mmuldor.ops.{name}')
        monkeypatch.setattr(module, 'torchvision_ops', lambda: None)


@pytest.fixture(scope='module')
def stored():
    return dict(np.load(FILE))


def cases(operator):
    chosen = [case for case in CASES if case['operator'] == operator]
    return pytest.mark.parametrize(
        'case', chosen, ids=[case['name'] for case in chosen]
    )


def tensors(case, stored, part):
    return {k: torch.from_numpy(stored[v]) for k, v in case[part].items()}


def run_roi_align(forward, backward, maps, rois, grad, options):
    """Output and gradient, called as mmcv.ops.roi_align calls them."""
    output, none = torch.zeros_like(grad), maps.new_zeros(0)
    forward(maps, rois, output, none, none, **options)
    grad_input = torch.zeros_like(maps)
    backward(grad, rois, none, none, grad_input, **options)
    return output, grad_input


def check_nms(case, stored):
    given = tensors(case, stored, 'arrays')
    kept = nms(given['boxes'], given['scores'], **case['options'])
    expected = tensors(case, stored, 'results')['kept']
    assert kept.dtype == torch.int64
    assert kept.tolist() == expected.tolist()


def check_roi_align(case, stored):
    given = tensors(case, stored, 'arrays')
    output, grad_input = run_roi_align(
        roi_align_forward,
        roi_align_backward,
        given['input'],
        given['rois'],
        given['grad'],
        case['options'],
    )
    expected = tensors(case, stored, 'results')
    close = {'atol': 2e-5, 'rtol': 0}
    torch.testing.assert_close(output, expected['output'], **close)
    torch.testing.assert_close(grad_input, expected['grad_input'], **close)


@cases('nms')
def test_nms_keeps_the_indices_of_the_compiled_one(in_pytorch, case, stored):
    check_nms(case, stored)


@cases('roi_align')
def test_roi_align_equals_the_compiled_one(in_pytorch, case, stored):
    check_roi_align(case, stored)


@pytest.mark.parametrize(
    ('operator', 'check'),
    [('nms', check_nms), ('roi_align', check_roi_align)],
)
def test_on_torchvision_as_well(operator, check, stored):
    if torchvision_ops() is None:
        pytest.skip(unavailable_reason())
    for case in CASES:
        if case['operator'] == operator:
            check(case, stored)


@pytest.fixture(scope='module')
def compiled():
    module = compiled_operators()
    if module is None:
        pytest.skip('mmcv has no compiled operators here')
    return module


@pytest.mark.parametrize('aligned', [True, False])
@pytest.mark.parametrize('sampling_ratio', [0, 2])
def test_roi_align_equals_the_installed_one(
    compiled, in_pytorch, aligned, sampling_ratio
):
    generator = torch.Generator().manual_seed(0)
    corners = 300 * torch.rand(200, 2, 2, generator=generator) - 20
    low, high = corners.amin(1), corners.amax(1)
    image = torch.randint(2, (200, 1), generator=generator)
    rois = torch.cat([image, low, high], 1)
    maps = torch.randn(2, 8, 64, 64, generator=generator)
    grad = torch.randn(200, 8, 7, 7, generator=generator)
    options = {
        'aligned_height': 7,
        'aligned_width': 7,
        'spatial_scale': 0.25,
        'sampling_ratio': sampling_ratio,
        'pool_mode': 1,
        'aligned': aligned,
    }
    for ours, theirs in zip(
        run_roi_align(
            roi_align_forward, roi_align_backward, maps, rois, grad, options
        ),
        run_roi_align(
            compiled.roi_align_forward,
            compiled.roi_align_backward,
            maps,
            rois,
            grad,
            options,
        ),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


def test_nms_equals_the_installed_one(compiled, in_pytorch):
    generator = torch.Generator().manual_seed(0)
    low = 200 * torch.rand(1000, 2, generator=generator)
    high = low + 5 + 80 * torch.rand(1000, 2, generator=generator)
    boxes = torch.cat([low, high], 1)
    scores = torch.rand(1000, generator=generator)
    ours = nms(boxes, scores, iou_threshold=0.5, offset=0)
    theirs = compiled.nms(boxes, scores, iou_threshold=0.5, offset=0)
    assert ours.tolist() == theirs.tolist()
