"""Detections of a batch of images, with masks computed only where asked for.

Mining, validation and inference all detect by :func:`detect`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from mmcv.ops import batched_nms
from mmdet.models.detectors import BaseDetector, TwoStageDetector
from mmdet.models.roi_heads import CascadeRoIHead, StandardRoIHead
from mmdet.models.roi_heads.base_roi_head import BaseRoIHead
from mmdet.structures.bbox import bbox2roi
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmuldor.classes import LESION
from mmuldor.engine.detection.proposals import mmdet_proposals, proposals
from mmuldor.upstream.two_stage import mask_predictions


class Limits(NamedTuple):
    """What counts as a detection.

    Attributes:
        score_thr: Detections below do not exist.
        nms_iou_thr: IoU threshold of the NMS.
        max_per_img: At most this many of an image.
    """

    score_thr: float
    nms_iou_thr: float
    max_per_img: int


class Detections(NamedTuple):
    """What a detector found on a batch, and what its masks need.

    Attributes:
        detector: The detector.
        features: Maps of the batch, one tensor a level.
        metas: Facts of each image, as mmdet has them.
        found: ``bboxes`` in px of the detector's input, ``scores`` and
            ``labels`` of each image.
    """

    detector: TwoStageDetector
    features: Sequence[Tensor]
    metas: list[dict]
    found: list[InstanceData]

    def rescaled(self) -> list[InstanceData]:
        """The detections with boxes in px of the source image."""
        results = []
        for part, meta in zip(self.found, self.metas, strict=True):
            copy = part.clone()
            scale = part.bboxes.new_tensor(meta['scale_factor']).repeat(2)
            copy.bboxes = part.bboxes / scale
            results.append(copy)
        return results

    def masks(self, some: Sequence[InstanceData]) -> list[Tensor]:
        """Masks of some of each image's detections, (n, H, W) source px.

        One pass of the mask head for all images, and one copy of what it
        gives to the host, where mmdet pastes the masks: bool where the config
        has a threshold.
        """
        lengths = [len(part) for part in some]
        boxes = torch.cat([part.bboxes for part in some])
        labels = torch.cat([part.labels for part in some])
        return paste(
            self.detector.roi_head,
            self._mask_preds(some).cpu().split(lengths),
            # mmdet brings the boxes to source pixels in place.
            _on_host(boxes).clone().split(lengths),
            _on_host(labels).split(lengths),
            self.metas,
        )

    def _mask_preds(self, some: Sequence[InstanceData]) -> Tensor:
        """What the mask head says of all images' boxes."""
        rois = bbox2roi([part.bboxes for part in some])
        rois = rois.to(self.features[0].device)
        return mask_predictions(self.detector.roi_head, self.features, rois)


def paste(
    roi_head: BaseRoIHead,
    mask_preds: Sequence[Tensor],
    boxes: Sequence[Tensor],
    labels: Sequence[Tensor],
    metas: list[dict],
) -> list[Tensor]:
    """Masks of each image, (n, H, W) source px, on the host.

    Args:
        roi_head: Where they come from.
        mask_preds: (n, classes, h, w) of each image, probabilities if of a
            cascade.
        boxes: (n, 4) px of the detector's input; changed in place.
        labels: (n,).
        metas: Facts of each image.
    """
    found = [
        InstanceData(bboxes=part, labels=own)
        for part, own in zip(boxes, labels, strict=True)
    ]
    found = stages(roi_head.mask_head)[-1].predict_by_feat(
        mask_preds=mask_preds,
        results_list=found,
        batch_img_metas=metas,
        rcnn_test_cfg=roi_head.test_cfg,
        rescale=True,
        activate_map=isinstance(roi_head, CascadeRoIHead),
    )
    return [part.masks for part in found]


def _on_host(values: Tensor) -> Tensor:
    """Those of lesions are there already."""
    return values if values.is_cpu else values.cpu()


def stages(head: nn.Module) -> list[nn.Module]:
    """The heads of a cascade, or the one head."""
    return list(head) if isinstance(head, nn.ModuleList) else [head]


def masks_can_wait(detector: BaseDetector) -> bool:
    """Whether boxes come before masks, and masks from boxes alone.

    So it is in Mask R-CNN and Cascade Mask R-CNN. HTC and PointRend have ways
    of their own to predict, and Mask Scoring R-CNN's masks change scores.
    """
    if not isinstance(detector, TwoStageDetector):
        return False
    kind = type(detector.roi_head)
    return (
        bool(detector.roi_head.with_mask)
        and kind.predict is BaseRoIHead.predict
        and kind.predict_mask
        in (StandardRoIHead.predict_mask, CascadeRoIHead.predict_mask)
    )


@torch.no_grad()
def detect(
    detector: TwoStageDetector,
    data: dict,
    limits: Limits | None = None,
    features: Sequence[Tensor] | None = None,
) -> Detections:
    """Detect on a batch; masks wait until they are asked for.

    Args:
        detector: A two-stage detector, see :func:`masks_can_wait`.
        data: ``inputs`` and ``data_samples`` of the batch, preprocessed.
        limits: What counts as a lesion; then lesions alone are found, and
            they are on the host. By default what the detector's own
            ``test_cfg`` says, all classes.
        features: Maps of the batch, where they are known already.
    """
    samples = data['data_samples']
    metas = [sample.metainfo for sample in samples]
    if features is None:
        features = detector.extract_feat(data['inputs'])
    propose = mmdet_proposals if limits is None else proposals
    proposed = propose(detector.rpn_head, features, samples)
    head = detector.roi_head
    found = head.predict_bbox(
        features,
        metas,
        proposed,
        rcnn_test_cfg=head.test_cfg if limits is None else None,
        rescale=False,
    )
    if limits is not None:
        found = _lesions(found, limits)
    return Detections(detector, features, metas, found)


def _lesions(raw: Sequence[InstanceData], limits: Limits) -> list:
    """The lesion class of all images, in one NMS and one copy to the host.

    Each step waits for the device, and mmdet's takes them image by image. Its
    limit is over all classes together, too: detections of the false-positive
    class would push lesions out.

    Args:
        raw: ``bboxes`` (n, 4) or (n, 4 * classes) and ``scores``
            (n, classes + 1) of each image.
        limits: What counts as a detection.
    """
    own = slice(4 * LESION, 4 * LESION + 4)
    boxes = torch.cat([part.bboxes[:, own] for part in raw])
    scores = torch.cat([part.scores[:, LESION] for part in raw])
    image = torch.cat(
        [part.scores.new_full((len(part),), n) for n, part in enumerate(raw)]
    )
    kept = (scores > limits.score_thr).nonzero()[:, 0]
    table = boxes.new_zeros((0, 6))
    if len(kept):
        nms = dict(
            type='nms',
            iou_threshold=limits.nms_iou_thr,
            # More would be done image by image.
            split_thr=10**6,
        )
        image = image[kept]
        boxes, order = batched_nms(boxes[kept], scores[kept], image, nms)
        table = torch.cat([boxes, image[order, None].to(boxes)], dim=1)
    table = table.cpu().numpy()
    found = []
    for number in range(len(raw)):
        rows = table[table[:, 5] == number][: limits.max_per_img]
        rows = torch.from_numpy(rows)
        labels = torch.full((len(rows),), LESION)
        found.append(
            InstanceData(bboxes=rows[:, :4], scores=rows[:, 4], labels=labels)
        )
    return found
