"""Proposals of a batch of slices, without a sort of all anchors.

mmdet's RPN sorts all anchors of a level to find the best, which takes 3 ms for
a slice of 352 px on a CPU.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmengine.structures import InstanceData
from torch import Tensor

from mmuldor.engine.detection.proposals import suppressed


def slice_proposals(
    head: BaseDenseHead,
    outputs: tuple[Sequence[Tensor], Sequence[Tensor]],
    metas: Sequence[dict],
) -> list[InstanceData]:
    """What mmdet's RPN proposes; boxes of equal scores may change places.

    Args:
        head: A plain RPN, see :func:`mmuldor.upstream.rpn.is_plain_rpn`.
        outputs: Of that head for a batch: (N, anchors * classes, h, w) scores
            and (N, anchors * 4, h, w) deltas, one of each a level.
        metas: ``metainfo`` of each image's data sample; ``img_shape`` is the
            same for all, as is ``window_offset``.

    Returns:
        As :func:`mmuldor.engine.detection.proposals.proposals`.
    """
    scores, deltas = outputs
    anchors = _anchors(head, scores, metas[0].get('window_offset', (0, 0)))
    levels = [
        _best(head, *level)
        for level in zip(scores, deltas, anchors, strict=True)
    ]
    best_scores, best_deltas, best_anchors = zip(*levels, strict=True)
    boxes = head.bbox_coder.decode(
        torch.cat(best_anchors, 1).flatten(0, 1),
        torch.cat(best_deltas, 1).flatten(0, 1),
        max_shape=metas[0]['img_shape'],
    )
    group = torch.cat(
        [
            torch.full_like(part[0], number, dtype=torch.long)
            for number, part in enumerate(best_scores)
        ]
    )
    image = torch.arange(len(metas), device=boxes.device)[:, None]
    group = (image * len(levels) + group).flatten()
    chosen = torch.cat(best_scores, 1).flatten()
    return suppressed(head, boxes, chosen, group, len(metas))


def _anchors(
    head: BaseDenseHead, scores: Sequence[Tensor], offset: tuple[int, int]
) -> list[Tensor]:
    """Anchors (n, 4) of each level, px of a window with this offset (x, y)."""
    levels = head.prior_generator.grid_priors(
        [level.shape[-2:] for level in scores],
        dtype=scores[0].dtype,
        device=scores[0].device,
    )
    x, y = offset
    # The first cell is the first that begins inside the window.
    strides = head.prior_generator.strides
    return [
        anchors + anchors.new_tensor([-x % wide, -y % high] * 2)
        for anchors, (wide, high) in zip(levels, strides, strict=True)
    ]


def _best(
    head: BaseDenseHead, scores: Tensor, deltas: Tensor, anchors: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Scores (N, n), deltas and anchors (N, n, 4) of a level's best."""
    columns = scores.permute(0, 2, 3, 1).reshape(
        len(scores), -1, head.cls_out_channels
    )
    # Of two columns mmdet's RPN takes the first for objects.
    known = (
        columns.sigmoid() if head.use_sigmoid_cls else columns.softmax(-1)
    )[..., 0]
    most = head.test_cfg.get('nms_pre', -1)
    count = min(most, len(anchors)) if most > 0 else len(anchors)
    best, rows = known.topk(count)
    deltas = deltas.permute(0, 2, 3, 1).reshape(len(scores), len(anchors), -1)
    index = rows[..., None].expand(-1, -1, deltas.shape[2])
    return best, deltas.gather(1, index), anchors[rows]
