"""Sigmoid focal loss with the calling convention of ``mmcv._ext``.

The arithmetic is that of mmcv's kernel (sigmoid_focal_loss_cuda_kernel.cuh),
which has it from Lin et al., ICCV 2017, https://arxiv.org/abs/1708.02002,
equation 5.
"""

from __future__ import annotations

import torch
from torch import Tensor


@torch.no_grad()
def sigmoid_focal_loss_forward(
    input: Tensor,
    target: Tensor,
    weight: Tensor,
    output: Tensor,
    gamma: float,
    alpha: float,
) -> None:
    """Fill ``output`` with the loss of each logit.

    Args:
        input: (n, classes) logits of a floating type.
        target: (n,) int64 class of each row; ``classes`` is background.
        weight: (classes,) factors of rows by their class, or empty.
        output: Of the shape of ``input``.
        gamma: How fast the loss of what is right fades.
        alpha: Weight of a row's own class; others have ``1 - alpha``.
    """
    right, _, scale = _terms(input, target, weight, alpha)
    # log(p) of the smallest p there is, not of 0.
    log = right.clamp(min=torch.finfo(right.dtype).tiny).log()
    output.copy_(-scale * (1 - right) ** gamma * log)


@torch.no_grad()
def sigmoid_focal_loss_backward(
    input: Tensor,
    target: Tensor,
    weight: Tensor,
    grad_input: Tensor,
    gamma: float,
    alpha: float,
) -> None:
    """Fill ``grad_input`` with the derivative of each loss by its logit.

    Args: as of :func:`sigmoid_focal_loss_forward`.
    """
    right, own, scale = _terms(input, target, weight, alpha)
    log = right.clamp(min=torch.finfo(right.dtype).tiny).log()
    slope = (1 - right) ** gamma * (gamma * right * log + right - 1)
    # `right` falls with the logit where the class is not the row's own.
    grad_input.copy_(scale * torch.where(own, slope, -slope))


def _terms(
    logits: Tensor, target: Tensor, weight: Tensor, alpha: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Probability of what is right, whether that is the class, weight."""
    dtype = torch.promote_types(logits.dtype, torch.float32)
    classes = torch.arange(logits.shape[1], device=logits.device)
    own = target[:, None] == classes
    # The sigmoid of the other sign, since 1 - p would lose digits.
    right = torch.where(own, logits, -logits).to(dtype).sigmoid()
    scale = own * alpha + ~own * (1 - alpha)
    if weight.numel():
        # Background has the last class's weight.
        rows = target.clamp(max=len(weight) - 1)
        scale = scale * weight.to(dtype)[rows][:, None]
    return right, own, scale
