"""Proposals of a whole batch with few waits for the device."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmcv.ops import batched_nms
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmuldor.upstream.rpn import boxes_before_nms, is_plain_rpn


def proposals(
    head: nn.Module,
    features: Sequence[Tensor],
    samples: Sequence[DetDataSample],
) -> list[InstanceData]:
    """Proposals of each image, those of mmdet's RPN.

    mmdet takes them image by image, and the host waits five times each. Here
    all images share one NMS, as levels do in mmdet's: what belongs together
    is moved away from the rest, which rounds boxes by a thousandth of a pixel
    with eight images, where mmdet's rounds by a tenth of that.

    Args:
        head: The RPN; another kind, and a single image, are left to mmdet.
        features: Maps of the batch.
        samples: One an image.

    Returns:
        ``bboxes`` (n, 4) px of the input, ``scores`` and ``labels`` (n,), the
        best first.
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
    config = head.test_cfg
    smallest = config.get('min_bbox_size', -1)
    if smallest >= 0:
        sides = boxes[:, 2:] - boxes[:, :2]
        # A position to keep once, not a mask three times.
        kept = (sides > smallest).all(dim=1).nonzero()[:, 0]
        boxes, scores = boxes[kept], scores[kept]
        levels, image = levels[kept], image[kept]
    if not len(boxes):
        # mmcv's NMS of groups asks for the largest coordinate.
        return [_as_results(boxes.new_zeros(0, 5)) for _ in raw]
    group = image * len(features) + levels
    # Above its limit mmcv goes group by group.
    nms = dict(config.nms, split_thr=10**7)
    found, kept = batched_nms(boxes, scores, group, nms)
    image, order = image[kept].sort(stable=True)
    counts = torch.bincount(image, minlength=len(raw)).tolist()
    found = found[order].split(counts)
    return [_as_results(part[: config.max_per_img]) for part in found]


def mmdet_proposals(
    head: nn.Module,
    features: Sequence[Tensor],
    samples: Sequence[DetDataSample],
) -> list[InstanceData]:
    """Proposals of each image in turn, to mmdet's last bit."""
    return head.predict(features, samples, rescale=False)


def _as_results(rows: Tensor) -> InstanceData:
    return InstanceData(
        bboxes=rows[:, :4],
        scores=rows[:, 4],
        labels=rows.new_zeros(len(rows), dtype=torch.long),
    )
