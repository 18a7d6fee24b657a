"""Focal loss over a softmax, for the box head."""

from __future__ import annotations

import torch
from mmdet.models.losses.utils import weight_reduce_loss
from torch import Tensor, nn
from torch.nn import functional

from mmuldor.registry import MODELS


@MODELS.register_module()
class SoftmaxFocalLoss(nn.Module):
    """Cross-entropy with smaller weights for well-classified samples.

    ``(1 - p)^gamma * -log(p)`` with p the softmax probability of the label
    (Lin et al., ICCV 2017, equation 4). mmdet's focal loss uses one sigmoid a
    class, but the scores of its box head are a softmax.

    Example:
        ``loss_cls=dict(type='mmuldor.SoftmaxFocalLoss', gamma=2.0)``

    Args:
        gamma: Focusing parameter, 0 or more; 0 is cross-entropy.
        reduction: 'mean', 'sum' or 'none'.
        loss_weight: Factor of the loss.

    Raises:
        ValueError: If ``gamma`` is negative or ``reduction`` unknown.
    """

    def __init__(
        self,
        gamma: float = 2.0,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        if gamma < 0:
            raise ValueError(f'`gamma` must be 0 or more, but got {gamma}.')
        if reduction not in ('mean', 'sum', 'none'):
            raise ValueError(
                "`reduction` must be 'mean', 'sum' or 'none', but got "
                f'{reduction!r}.'
            )
        self.gamma = gamma
        self.reduction = reduction
        self.loss_weight = loss_weight

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
    ) -> Tensor:
        """The loss of n samples.

        Args:
            cls_score: Logits, (n, classes) float.
            label: Class of each sample, (n,) int64.
            weight: Weight of each sample, (n,) float.
            avg_factor: Divisor of the sum in place of n.
            reduction_override: Replaces ``reduction``.

        Returns:
            A scalar, or (n,) with the reduction 'none'.
        """
        log_p = functional.log_softmax(cls_score, dim=1)
        log_p = log_p.gather(1, label[:, None])[:, 0]
        # The slope of 0**gamma is infinite for gamma below 1.
        missed = (1 - log_p.exp()).clamp_min(torch.finfo(log_p.dtype).tiny)
        loss = -(missed**self.gamma) * log_p
        return self.loss_weight * weight_reduce_loss(
            loss,
            weight,
            reduction_override or self.reduction,
            avg_factor,
        )
