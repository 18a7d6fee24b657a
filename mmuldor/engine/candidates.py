"""Detections of a batch of images, with masks computed only where asked for.

Mining, validation and inference all detect by :func:`detect`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from mmdet.models.detectors import BaseDetector, TwoStageDetector
from mmdet.models.roi_heads import CascadeRoIHead, StandardRoIHead
from mmdet.models.roi_heads.base_roi_head import BaseRoIHead
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor

from mmuldor.functional.boxes import EDGE_SHIFT_PX

LESION = 0


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

    def masks(self, some: Sequence[InstanceData]) -> list[Tensor]:
        """Masks of some of each image's detections, (n, H, W) source px.

        One pass for all images; bool where the config has a threshold.
        """
        # mmdet brings the boxes that it is given to source pixels.
        copies = [part.clone() for part in some]
        for copy in copies:
            copy.bboxes = copy.bboxes.clone()
        found = self.detector.roi_head.predict_mask(
            self.features, self.metas, copies, rescale=True
        )
        return [part.masks for part in found]

    def rescaled(self) -> list[InstanceData]:
        """The detections with boxes in px of the source image."""
        results = []
        for part, meta in zip(self.found, self.metas, strict=True):
            copy = part.clone()
            scale = part.bboxes.new_tensor(meta['scale_factor']).repeat(2)
            copy.bboxes = part.bboxes / scale
            results.append(copy)
        return results


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
        limits: What counts as a detection; what the detector's own
            ``test_cfg`` says by default. With limits there is none over all
            classes together: detections of the false-positive class must not
            push lesions out. The caller cuts after it chose a class.
        features: Maps of the batch, where they are known already.
    """
    samples = data['data_samples']
    metas = [sample.metainfo for sample in samples]
    if features is None:
        features = detector.extract_feat(data['inputs'])
    proposals = detector.rpn_head.predict(features, samples, rescale=False)
    head = detector.roi_head
    config = head.test_cfg
    if limits is not None:
        config = ConfigDict(
            score_thr=limits.score_thr,
            nms=dict(type='nms', iou_threshold=limits.nms_iou_thr),
            max_per_img=-1,
        )
    found = head.predict_bbox(
        features, metas, proposals, rcnn_test_cfg=config, rescale=False
    )
    return Detections(detector, features, metas, found)


class Candidates:
    """Lesion-class detections of one image, best first.

    Args:
        boxes: See below.
        scores: See below.
        size: See below.

    Attributes:
        boxes: (n, 4) float64 x1 y1 x2 y2, source px, pixel centres at
            integers.
        scores: (n,) float64, falling.
        size: (height, width) of the source image.
    """

    def __init__(
        self, boxes: np.ndarray, scores: np.ndarray, size: tuple[int, int]
    ) -> None:
        self.boxes, self.scores, self.size = boxes, scores, size

    def touching(self, references: Sequence[np.ndarray]) -> np.ndarray:
        """Which boxes reach a lesion's mask, (n,): elsewhere S2 is exactly 0.

        A predicted mask stays inside its box; one pixel of margin is for
        rounding.
        """
        boxes = self.boxes
        touching = np.zeros(len(boxes), dtype=bool)
        for reference in references:
            rows = np.flatnonzero(reference.any(axis=1))
            columns = np.flatnonzero(reference.any(axis=0))
            touching |= (
                (boxes[:, 0] <= columns[-1] + 1)
                & (boxes[:, 2] >= columns[0] - 1)
                & (boxes[:, 1] <= rows[-1] + 1)
                & (boxes[:, 3] >= rows[0] - 1)
            )
        return touching


class CandidateBatch:
    """The candidates of a batch of images, and their masks on demand.

    Args:
        detector: A two-stage detector with a mask head.
        inputs: Collated batch; images of one size, since a padded image has
            other features at its border.
        limits: What counts as a detection.

    Attributes:
        images: Candidates of each image.
    """

    def __init__(
        self, detector: TwoStageDetector, inputs: dict, limits: Limits
    ) -> None:
        data = detector.data_preprocessor(inputs, False)
        self._detections = detect(detector, data, limits)
        table = _on_host(self._detections.found)
        self._rows, self.images = [], []
        for rows, meta in zip(table, self._detections.metas, strict=True):
            lesions = np.flatnonzero(rows[:, 5] == LESION)
            order = np.argsort(-rows[lesions, 4], kind='stable')
            kept = lesions[order[: limits.max_per_img]]
            scale = np.tile(np.asarray(meta['scale_factor']), 2)
            self._rows.append(kept)
            self.images.append(
                Candidates(
                    rows[kept, :4] / scale - EDGE_SHIFT_PX,
                    rows[kept, 4],
                    tuple(meta['ori_shape']),
                )
            )

    def masks(self, asked: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """Masks of some candidates of each image, (n, H, W) bool, source px.

        One pass of the mask head for all images.
        """
        some = [
            found[torch.as_tensor(rows[np.asarray(indices, dtype=int)])]
            for found, rows, indices in zip(
                self._detections.found, self._rows, asked, strict=True
            )
        ]
        if not any(map(len, some)):
            return [np.zeros((0, *i.size), dtype=bool) for i in self.images]
        return [
            part.cpu().numpy().reshape(-1, *image.size)
            for part, image in zip(
                self._detections.masks(some), self.images, strict=True
            )
        ]


def _on_host(found: Sequence[InstanceData]) -> list[np.ndarray]:
    """Box, score and label of each detection, (n, 6) float64 an image.

    All together, since each copy waits for the device.
    """
    table = torch.cat(
        [
            torch.cat(
                [
                    part.bboxes.double(),
                    part.scores.double()[:, None],
                    part.labels.double()[:, None],
                ],
                dim=1,
            )
            for part in found
        ]
    )
    return np.split(
        table.cpu().numpy(), np.cumsum([len(part) for part in found])[:-1]
    )
