"""Sigmoid focal loss with the calling convention of ``mmcv._ext``.

The arithmetic is that of mmcv's kernel (sigmoid_focal_loss_cuda_kernel.cuh):
Lin et al., ICCV 2017, https://arxiv.org/abs/1708.02002, equation 5. For class
c of a row, p_t is the sigmoid of its logit if c is the row's target, else one
minus that.
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
        weight: (classes,) float factors of rows by their class, or empty.
        output: (n, classes), overwritten.
        gamma: Focusing parameter; well-classified samples lose weight.
        alpha: Weight of the target class; other classes have ``1 - alpha``.
    """
    p_t, _, scale = _terms(input, target, weight, alpha)
    # The smallest normal number instead of 0, whose logarithm is -inf.
    log = p_t.clamp(min=torch.finfo(p_t.dtype).tiny).log()
    output.copy_(-scale * (1 - p_t) ** gamma * log)


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

    ``grad_input`` is (n, classes) and overwritten. The other arguments are
    those of :func:`sigmoid_focal_loss_forward`.
    """
    p_t, is_target, scale = _terms(input, target, weight, alpha)
    log = p_t.clamp(min=torch.finfo(p_t.dtype).tiny).log()
    slope = (1 - p_t) ** gamma * (gamma * p_t * log + p_t - 1)
    # p_t decreases with the logit for classes other than the target.
    grad_input.copy_(scale * torch.where(is_target, slope, -slope))


def _terms(
    logits: Tensor, target: Tensor, weight: Tensor, alpha: float
) -> tuple[Tensor, Tensor, Tensor]:
    """p_t, whether a class is the target, and the weight: (n, classes) each.

    Computed in float32 or, for float64 logits, in float64.
    """
    dtype = torch.promote_types(logits.dtype, torch.float32)
    classes = torch.arange(logits.shape[1], device=logits.device)
    is_target = target[:, None] == classes
    # 1 - sigmoid(x) is sigmoid(-x), which keeps its digits near 0.
    p_t = torch.where(is_target, logits, -logits).to(dtype).sigmoid()
    scale = is_target * alpha + ~is_target * (1 - alpha)
    if weight.numel():
        # As in mmcv, background rows have the weight of the last class.
        rows = target.clamp(max=len(weight) - 1)
        scale = scale * weight.to(dtype)[rows][:, None]
    return p_t, is_target, scale
