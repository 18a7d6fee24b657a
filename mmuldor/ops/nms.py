"""Non-maximum suppression with the calling convention of ``mmcv._ext.nms``."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mmuldor.ops.threads import one_thread
from mmuldor.ops.torchvision_ops import torchvision_ops

# Boxes handled at once. Few waits for a GPU want it large, little wasted work
# on boxes that fall in the end wants it small.
_BLOCK = 64
_BLOCK_GPU = 2048


@torch.no_grad()
def nms(
    boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int
) -> Tensor:
    """Keep the best box of each heap of overlapping ones.

    Args:
        boxes: (n, 4) floats ``[x1, y1, x2, y2]``, any frame.
        scores: (n,) floats.
        iou_threshold: A box falls if its IoU with a better kept box is above.
        offset: A box is ``x2 - x1 + offset`` wide, 0 or 1.

    Returns:
        (m,) int64, indices of the kept boxes, best first. They equal those of
        the compiled operator: the same sort, the same float32 arithmetic. (On
        a GPU all three round differently, which decides only on an IoU that
        equals the threshold to the last digit.)
    """
    order = scores.sort(0, descending=True).indices
    boxes = _at_least_float32(boxes)[order]
    # The compiled operator holds the threshold in float32: 0.3 is 0.30000001.
    threshold = float(np.float32(iou_threshold))
    ops = torchvision_ops()
    if ops is not None and offset == 0:
        # The boxes are in order already; these scores have no ties.
        ranks = torch.arange(len(order), 0, -1, device=boxes.device)
        return order[ops.nms(boxes, ranks.to(boxes.dtype), threshold)]
    with one_thread():
        kept = [
            part[_greedy_nms(boxes[part], threshold, offset)]
            for part in _parts(boxes, threshold, offset)
        ]
        return order[torch.cat(kept).sort().values]


def _at_least_float32(boxes: Tensor) -> Tensor:
    return boxes.to(torch.promote_types(boxes.dtype, torch.float32))


def _parts(boxes: Tensor, threshold: float, offset: int) -> list[Tensor]:
    """Indices, rising, of boxes that fell none of the other parts.

    mmcv moves the boxes of each class and of each level of the pyramid to a
    place of their own along both axes; what lies apart need not be compared,
    unless an overlap of 0 is enough to fall.
    """
    if boxes.is_cuda or len(boxes) <= _BLOCK or threshold < 0:
        return [torch.arange(len(boxes), device=boxes.device)]
    low, by_low = boxes[:, 0].sort()
    reach = boxes[by_low, 2].cummax(0).values
    cuts = [0]
    for gap in torch.nonzero(low[1:] > reach[:-1] + offset)[:, 0].tolist():
        # Smaller parts cost more than they save.
        if gap + 1 - cuts[-1] >= _BLOCK:
            cuts.append(gap + 1)
    return [part.sort().values for part in by_low.tensor_split(cuts[1:])]


def _greedy_nms(boxes: Tensor, threshold: float, offset: int) -> Tensor:
    """NMS of sorted ``boxes`` (n, 4); returns the indices of the kept."""
    block = _BLOCK_GPU if boxes.is_cuda else _BLOCK
    order = torch.arange(len(boxes), device=boxes.device)
    kept = [order[:0]]
    while len(order):
        head, tail = boxes[:block], boxes[block:]
        keep = _survivors(_overlap(head, head, threshold, offset))
        kept.append(order[:block][keep])
        free = ~_overlap(head[keep], tail, threshold, offset).any(0)
        boxes, order = tail[free], order[block:][free]
    return torch.cat(kept)


def _overlap(a: Tensor, b: Tensor, threshold: float, offset: int) -> Tensor:
    """(n, m) bool: is the IoU of ``a`` (n, 4) and ``b`` (m, 4) above?"""
    ax1, ay1, ax2, ay2 = a[:, :, None].unbind(1)
    bx1, by1, bx2, by2 = b.unbind(1)
    inter = _overlap_length(ax1, ax2, bx1, bx2, offset)
    inter *= _overlap_length(ay1, ay2, by1, by2, offset)
    area_a = (ax2 - ax1 + offset) * (ay2 - ay1 + offset)
    area_b = (bx2 - bx1 + offset) * (by2 - by1 + offset)
    union = (area_a + area_b).sub_(inter)
    # As in mmcv: its CUDA kernel multiplies, its CPU code divides, which
    # differs for a negative union and in the last digit.
    if a.is_cuda:
        return inter > union.mul_(threshold)
    return inter.div_(union) > threshold


def _overlap_length(
    a_low: Tensor, a_high: Tensor, b_low: Tensor, b_high: Tensor, offset: int
) -> Tensor:
    length = torch.minimum(a_high, b_high)
    length -= torch.maximum(a_low, b_low)
    if offset:
        length += offset
    return length.clamp_(min=0)


def _survivors(overlap: Tensor) -> Tensor:
    """(n,) bool: which of n sorted boxes does greedy NMS keep?

    A box survives if no surviving better box overlaps it. Applied over and
    over to a first guess this reaches its only fixed point, right for one box
    more each time and in practice after a few rounds, without a look at
    single boxes.
    """
    overlap = overlap.triu(1)
    keep = ~overlap.any(0)
    while True:
        after = ~(overlap & keep[:, None]).any(0)
        if torch.equal(after, keep):
            return keep
        keep = after
