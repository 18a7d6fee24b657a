"""Detections of a batch of images, with masks of selected detections.

Mining and validation use :func:`detect`, inference on volumes
:func:`detect_on_slices`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import torch
from mmcv.ops import batched_nms
from mmdet.models.detectors import BaseDetector, TwoStageDetector
from mmdet.models.roi_heads import CascadeRoIHead, StandardRoIHead
from mmdet.models.roi_heads.base_roi_head import BaseRoIHead
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import bbox2roi
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmuldor.classes import LESION
from mmuldor.engine.detection.proposals import mmdet_proposals, proposals
from mmuldor.engine.detection.slice_proposals import slice_proposals
from mmuldor.upstream.two_stage import mask_predictions


class Limits(NamedTuple):
    """Thresholds of detections.

    Attributes:
        score_thr: Only detections with a higher score are kept.
        nms_iou_thr: IoU threshold of the NMS.
        max_per_img: Maximum number of detections of an image.
    """

    score_thr: float
    nms_iou_thr: float
    max_per_img: int


class Detections(NamedTuple):
    """Detections of a batch, and the data to predict their masks.

    Attributes:
        detector: The detector.
        features: Maps (N, C, h, w) of the batch, one a level.
        metas: ``metainfo`` of each image's data sample; ``window_offset`` (x,
            y) is the place of the network's input in the whole slice's, px.
        instances: For each image ``bboxes`` (n, 4) in px of the network's
            input, ``scores`` (n,) and ``labels`` (n,).
    """

    detector: BaseDetector
    features: Sequence[Tensor]
    metas: list[dict]
    instances: list[InstanceData]

    def rescaled(self) -> list[InstanceData]:
        """The detections with boxes in px of the source image."""
        results = []
        for part, boxes, meta in zip(
            self.instances,
            self._boxes_in_whole(self.instances),
            self.metas,
            strict=True,
        ):
            copy = part.clone()
            scale = part.bboxes.new_tensor(meta['scale_factor']).repeat(2)
            copy.bboxes = boxes / scale
            results.append(copy)
        return results

    def _boxes_in_whole(self, parts: Sequence[InstanceData]) -> list[Tensor]:
        """Boxes (n, 4) of each image in the input of the whole slice, px."""
        boxes = []
        for part, meta in zip(parts, self.metas, strict=True):
            offset = meta.get('window_offset', (0, 0))
            boxes.append(part.bboxes + part.bboxes.new_tensor(offset * 2))
        return boxes

    def masks(self, selected: Sequence[InstanceData]) -> list[Tensor]:
        """Masks of selected detections of each image, (n, H, W) source px.

        The mask head runs once for all images, and its output is copied to
        the host once, where mmdet pastes the masks. They are bool if the
        config has a threshold.

        Args:
            selected: Some of the ``instances`` of each image.
        """
        lengths = [len(part) for part in selected]
        # A new tensor, since mmdet rescales the boxes in place.
        boxes = torch.cat(self._boxes_in_whole(selected))
        labels = torch.cat([part.labels for part in selected])
        return paste(
            self.detector.roi_head,
            self._mask_preds(selected).cpu().split(lengths),
            _on_host(boxes).split(lengths),
            _on_host(labels).split(lengths),
            self.metas,
        )

    def _mask_preds(self, selected: Sequence[InstanceData]) -> Tensor:
        """Predictions of the mask head, (sum of n, classes, h, w)."""
        rois = bbox2roi([part.bboxes for part in selected])
        rois = rois.to(self.features[0].device)
        return mask_predictions(self.detector.roi_head, self.features, rois)


def paste(
    roi_head: BaseRoIHead,
    mask_preds: Sequence[Tensor],
    boxes: Sequence[Tensor],
    labels: Sequence[Tensor],
    metas: list[dict],
) -> list[Tensor]:
    """Paste predicted masks into the source images, on the host.

    Args:
        roi_head: The head that predicted the masks.
        mask_preds: (n, classes, h, w) of each image, logits; probabilities
            for a cascade.
        boxes: (n, 4) of each image in px of the network's input; changed in
            place.
        labels: (n,) of each image.
        metas: ``metainfo`` of each image's data sample.

    Returns:
        (n, H, W) of each image, source px.
    """
    instances = [
        InstanceData(bboxes=image_boxes, labels=image_labels)
        for image_boxes, image_labels in zip(boxes, labels, strict=True)
    ]
    instances = stages(roi_head.mask_head)[-1].predict_by_feat(
        mask_preds=mask_preds,
        results_list=instances,
        batch_img_metas=metas,
        rcnn_test_cfg=roi_head.test_cfg,
        rescale=True,
        activate_map=isinstance(roi_head, CascadeRoIHead),
    )
    return [part.masks for part in instances]


def _on_host(values: Tensor) -> Tensor:
    """A copy on the CPU, or the tensor itself if it is there already."""
    return values if values.is_cpu else values.cpu()


def stages(head: nn.Module) -> list[Any]:
    """The heads of a cascade, or the one head; of mmdet, all of them."""
    return list(head) if isinstance(head, nn.ModuleList) else [head]


def masks_can_wait(detector: BaseDetector) -> bool:
    """Whether masks can be predicted later, for some boxes only.

    This holds for Mask R-CNN and Cascade Mask R-CNN. HTC and PointRend
    override the prediction, and in Mask Scoring R-CNN masks change scores.
    """
    if not isinstance(detector, TwoStageDetector):
        return False
    head_class = type(detector.roi_head)
    return (
        bool(detector.roi_head.with_mask)
        and head_class.predict is BaseRoIHead.predict
        and head_class.predict_mask
        in (StandardRoIHead.predict_mask, CascadeRoIHead.predict_mask)
    )


@torch.no_grad()
def detect(
    detector: TwoStageDetector,
    data: dict,
    limits: Limits | None = None,
    features: Sequence[Tensor] | None = None,
) -> Detections:
    """Detect on a batch, without predicting masks yet.

    Args:
        detector: A two-stage detector, see :func:`masks_can_wait`.
        data: ``inputs`` and ``data_samples`` of the batch, preprocessed.
        limits: Thresholds for detections of the lesion class only, which are
            returned on the host. None: all classes, with the thresholds of
            the detector's ``test_cfg``.
        features: Maps of the batch, if they are computed already.
    """
    samples = data['data_samples']
    if features is None:
        features = detector.extract_feat(data['inputs'])
    propose = mmdet_proposals if limits is None else proposals
    proposed = propose(detector.rpn_head, features, samples)
    return _second_stage(detector, features, samples, proposed, limits)


@torch.no_grad()
def detect_on_slices(
    detector: TwoStageDetector,
    data: dict,
    around: AbstractContextManager | None = None,
) -> Detections:
    """:func:`detect` for slices of one size, in less time on a CPU.

    Args:
        detector: A two-stage detector with a plain RPN.
        data: ``inputs`` and ``data_samples`` of the batch, preprocessed.
        around: Context for the network's maps, of a window of the slices; see
            :mod:`mmuldor.engine.detection.surroundings`.
    """
    # Not around what follows the maps: a context costs time at each call.
    with around or nullcontext():
        features = detector.extract_feat(data['inputs'])
        outputs = detector.rpn_head(features)
    samples = data['data_samples']
    metas = [sample.metainfo for sample in samples]
    proposed = slice_proposals(detector.rpn_head, outputs, metas)
    return _second_stage(detector, features, samples, proposed)


def _second_stage(
    detector: TwoStageDetector,
    features: Sequence[Tensor],
    samples: Sequence[DetDataSample],
    proposed: list[InstanceData],
    limits: Limits | None = None,
) -> Detections:
    """Detections of the proposals of each image."""
    metas = [sample.metainfo for sample in samples]
    head = detector.roi_head
    instances = head.predict_bbox(
        features,
        metas,
        proposed,
        rcnn_test_cfg=head.test_cfg if limits is None else None,
        rescale=False,
    )
    if limits is not None:
        instances = _lesions(instances, limits)
    return Detections(detector, features, metas, instances)


def _lesions(raw: Sequence[InstanceData], limits: Limits) -> list:
    """The lesion class of all images, by one NMS and one copy to the host.

    mmdet processes image by image, and each step synchronises with the
    device. Its maximum number of detections is also over all classes, so
    detections of the false-positive class would displace lesions.

    Args:
        raw: For each image ``bboxes`` (n, 4) or (n, 4 * classes) in px of the
            network's input and ``scores`` (n, classes + 1).
        limits: Thresholds of the detections.
    """
    columns = slice(4 * LESION, 4 * LESION + 4)
    boxes = torch.cat([part.bboxes[:, columns] for part in raw])
    scores = torch.cat([part.scores[:, LESION] for part in raw])
    image = torch.cat(
        [part.scores.new_full((len(part),), n) for n, part in enumerate(raw)]
    )
    kept = (scores > limits.score_thr).nonzero()[:, 0]
    rows = boxes.new_zeros((0, 6))
    if len(kept):
        nms = dict(
            type='nms',
            iou_threshold=limits.nms_iou_thr,
            # For more boxes than this, mmcv would loop over the images.
            split_thr=10**6,
        )
        image = image[kept]
        boxes, order = batched_nms(boxes[kept], scores[kept], image, nms)
        rows = torch.cat([boxes, image[order, None].to(boxes)], dim=1)
    table = rows.cpu().numpy()
    lesions = []
    for number in range(len(raw)):
        best = table[table[:, 5] == number][: limits.max_per_img]
        rows = torch.from_numpy(best)
        labels = torch.full((len(rows),), LESION)
        lesions.append(
            InstanceData(bboxes=rows[:, :4], scores=rows[:, 4], labels=labels)
        )
    return lesions
