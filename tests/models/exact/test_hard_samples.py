"""OHEM beside autocast's copies of weights."""

import torch
from mmdet.models.task_modules import OHEMSampler
from torch import nn

import mmuldor.models  # noqa: F401


class Head(nn.Linear):
    """A box head and its context, as far as the sampler looks."""

    def __init__(self):
        super().__init__(4, 2)
        self.bbox_head = self
        self.copies = []

    def _bbox_forward(self, features, rois):
        self.copies.append(torch.is_autocast_enabled('cpu'))
        return {'cls_score': self(rois[:, 1:])}

    def loss(self, cls_score, labels, reduction_override, **_):
        assert reduction_override == 'none'
        return {'loss_cls': cls_score.gather(1, labels[:, None])[:, 0]}


def test_the_head_is_trained_after_its_rois_were_chosen(monkeypatch):
    forgotten = []
    clear = torch.clear_autocast_cache
    monkeypatch.setattr(
        torch,
        'clear_autocast_cache',
        lambda: forgotten.append(torch.is_grad_enabled()) or clear(),
    )
    torch.manual_seed(0)
    head = Head()
    sampler = OHEMSampler(2, 0.5, head)
    boxes = torch.rand(5, 4)
    labels = torch.tensor([0, 1, 0, 1, 1])
    with torch.autocast('cpu', torch.bfloat16):
        chosen = sampler.hard_mining(torch.arange(5), 2, boxes, labels, None)
        assert forgotten == [True]
        head(boxes[chosen]).sum().backward()
    losses = head(boxes).gather(1, labels[:, None])[:, 0]
    assert set(chosen.tolist()) == set(losses.topk(2).indices.tolist())
    assert head.copies == [True]
    assert head.weight.grad.abs().sum() > 0
