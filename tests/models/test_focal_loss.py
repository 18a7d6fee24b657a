import pytest
import torch
from torch.nn import functional

from mmuldor.models import SoftmaxFocalLoss

# Probabilities 0.8 and 0.2; 0.5 and 0.5.
SCORES = torch.tensor([[0.8, 0.2], [0.5, 0.5]]).log()
LABELS = torch.tensor([0, 1])


def test_by_hand():
    loss = SoftmaxFocalLoss(gamma=2, reduction='none')(SCORES, LABELS)
    expected = [0.2**2 * 0.2231436, 0.5**2 * 0.6931472]
    assert loss.tolist() == pytest.approx(expected)


def test_gamma_0_is_cross_entropy():
    loss = SoftmaxFocalLoss(gamma=0)(SCORES, LABELS)
    assert loss == pytest.approx(functional.cross_entropy(SCORES, LABELS))


def test_weights_and_factors_as_mmdet_calls_it():
    loss = SoftmaxFocalLoss(loss_weight=3)
    each = loss(SCORES, LABELS, reduction_override='none')
    weighted = loss(SCORES, LABELS, torch.tensor([0.0, 1.0]), avg_factor=4.0)
    assert weighted == pytest.approx(each[1].item() / 4)
    assert loss(SCORES, LABELS) == pytest.approx(each.mean().item())


def test_a_certain_and_right_answer_has_a_gradient():
    scores = torch.tensor([[0.0, 200.0]], requires_grad=True)
    SoftmaxFocalLoss(gamma=0.5)(scores, torch.tensor([1])).backward()
    assert scores.grad.tolist() == [[0.0, 0.0]]


def test_gradient_fades_where_it_is_right():
    scores = torch.tensor([[6.0, 0.0], [0.0, 0.0]], requires_grad=True)
    SoftmaxFocalLoss()(scores, torch.tensor([0, 0])).backward()
    easy, hard = scores.grad.abs().amax(dim=1)
    assert 0 < easy < 1e-4 * hard


@pytest.mark.parametrize(
    ('arguments', 'match'),
    [
        ({'gamma': -1}, r'`gamma` must be 0 or more, but got -1'),
        ({'reduction': 'max'}, r"`reduction` must be .* got 'max'"),
    ],
)
def test_wrong_arguments(arguments, match):
    with pytest.raises(ValueError, match=match):
        SoftmaxFocalLoss(**arguments)
