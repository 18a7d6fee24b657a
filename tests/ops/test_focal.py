"""The stand-in is mmdet's plain formula, and its gradient autograd's."""

import pytest
import torch
from mmcv.ops import sigmoid_focal_loss
from mmdet.models.losses.focal_loss import py_sigmoid_focal_loss

import mmuldor.registry  # noqa: F401


@pytest.mark.parametrize('gamma', [0.0, 1.0, 2.0])
@pytest.mark.parametrize('classes', [1, 3])
def test_loss_and_gradient(gamma, classes):
    generator = torch.Generator().manual_seed(classes)
    logits = 4 * torch.randn(50, classes, generator=generator)
    target = torch.randint(0, classes + 1, (50,), generator=generator)
    ours = logits.clone().requires_grad_()
    # Positional: mmcv's function is that of an autograd class.
    loss = sigmoid_focal_loss(ours, target, gamma, 0.25, None, 'none')
    one_hot = torch.nn.functional.one_hot(target, classes + 1)[:, :classes]
    other = logits.clone().requires_grad_()
    expected = py_sigmoid_focal_loss(
        other, one_hot, gamma=gamma, alpha=0.25, reduction='none'
    )
    torch.testing.assert_close(loss, expected, atol=1e-5, rtol=1e-4)
    factors = torch.rand(loss.shape, generator=generator)
    (loss * factors).sum().backward()
    (expected * factors).sum().backward()
    torch.testing.assert_close(ours.grad, other.grad, atol=1e-5, rtol=1e-4)
    assert loss.sum() > 0


def test_classes_weigh_by_the_row():
    logits = torch.tensor([[1.0, -1.0], [0.5, 2.0]])
    target = torch.tensor([0, 1])
    weight = torch.tensor([2.0, 0.5])
    plain = sigmoid_focal_loss(logits, target, 2.0, 0.25, None, 'none')
    weighed = sigmoid_focal_loss(logits, target, 2.0, 0.25, weight, 'none')
    torch.testing.assert_close(weighed, plain * weight[:, None])


@pytest.mark.parametrize('sign', [-1, 1])
def test_sure_logits_stay_finite(sign):
    logits = torch.full((2, 1), 200.0 * sign, requires_grad=True)
    target = torch.tensor([0, 1])
    loss = sigmoid_focal_loss(logits, target, 2.0, 0.25, None, 'sum')
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()


def test_half_precision():
    logits = torch.tensor([[1.0], [-2.0]])
    target = torch.tensor([0, 1])
    exact = sigmoid_focal_loss(logits, target, 2.0, 0.25, None, 'none')
    half = sigmoid_focal_loss(
        logits.bfloat16(), target, 2.0, 0.25, None, 'none'
    )
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), exact, rtol=0.01, atol=0.001)
