"""Proposals of a whole batch with few synchronisations with the device."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmcv.ops import batched_nms
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch import Tensor

from mmuldor.upstream.rpn import boxes_before_nms, is_plain_rpn


def proposals(
    head: BaseDenseHead,
    features: Sequence[Tensor],
    samples: Sequence[DetDataSample],
) -> list[InstanceData]:
    """The proposals of mmdet's RPN, for all images in one NMS.

    mmdet processes image by image, with five synchronisations each. Here all
    images share one NMS, as the levels of an image do in mmdet: the boxes of
    each group are shifted apart. With eight images the shift rounds boxes by
    about 0.001 px, ten times as much as in mmdet.

    Args:
        head: The RPN. Other heads, and single images, are left to mmdet.
        features: Maps (N, C, h, w) of the batch, one a level.
        samples: Data sample of each image.

    Returns:
        For each image ``bboxes`` (n, 4) in px of the network's input,
        ``scores`` and ``labels`` (n,), sorted by descending score.
    """
    if len(samples) == 1 or not is_plain_rpn(head):
        return mmdet_proposals(head, features, samples)
    metas = [sample.metainfo for sample in samples]
    raw = boxes_before_nms(head, features, metas)
    boxes = torch.cat([part.bboxes for part in raw])
    scores = torch.cat([part.scores for part in raw])
    levels = torch.cat([part.level_ids for part in raw])
    image = torch.cat(
        [torch.full_like(part.level_ids, n) for n, part in enumerate(raw)]
    )
    group = image * len(features) + levels
    return suppressed(head, boxes, scores, group, len(raw))


def suppressed(
    head: BaseDenseHead,
    boxes: Tensor,
    scores: Tensor,
    group: Tensor,
    images: int,
) -> list[InstanceData]:
    """Size filter, NMS and limit of a plain RPN, for all images at once.

    Args:
        head: The RPN.
        boxes: (n, 4) px of the network's input.
        scores: (n,).
        group: (n,) number of the image times the number of levels, plus the
            level.
        images: Number of images.
    """
    config = head.test_cfg
    smallest = config.get('min_bbox_size', -1)
    if smallest >= 0:
        sides = boxes[:, 2:] - boxes[:, :2]
        # Indices: indexing with a mask would synchronise three times.
        kept = (sides > smallest).all(dim=1).nonzero()[:, 0]
        boxes, scores, group = boxes[kept], scores[kept], group[kept]
    if not len(boxes):
        # mmcv's NMS of groups needs the maximum coordinate.
        return [_as_results(boxes.new_zeros(0, 5)) for _ in range(images)]
    # For more boxes than `split_thr`, mmcv would loop over the groups.
    nms = dict(config.nms, split_thr=10**7)
    rows, kept = batched_nms(boxes, scores, group, nms)
    levels = head.prior_generator.num_levels
    image, order = (group[kept] // levels).sort(stable=True)
    counts = torch.bincount(image, minlength=images).tolist()
    by_image = rows[order].split(counts)
    return [_as_results(part[: config.max_per_img]) for part in by_image]


def mmdet_proposals(
    head: BaseDenseHead,
    features: Sequence[Tensor],
    samples: Sequence[DetDataSample],
) -> list[InstanceData]:
    """Proposals by mmdet itself, image by image."""
    return head.predict(features, samples, rescale=False)


def _as_results(rows: Tensor) -> InstanceData:
    return InstanceData(
        bboxes=rows[:, :4],
        scores=rows[:, 4],
        labels=rows.new_zeros(len(rows), dtype=torch.long),
    )
