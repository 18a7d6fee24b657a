"""Detections of one image, with masks computed only where asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from mmdet.models.detectors import TwoStageDetector
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from mmuldor.functional.boxes import EDGE_SHIFT_PX

LESION = 0


class Candidates:
    """Lesion-class detections of one image, best first.

    Computing masks only where they are needed leaves the choice as it is and
    saves most of a test pass.

    Args:
        detector: A two-stage detector with a mask head.
        inputs: Collated batch of the one image.
        score_thr: Detections below do not exist.
        nms_iou_thr: IoU threshold of the NMS.
        max_per_img: At most this many.

    Attributes:
        boxes: (n, 4) float64 x1 y1 x2 y2, source px, pixel centres at
            integers.
        scores: (n,) float64, falling.
        size: (height, width) of the source image.
    """

    def __init__(
        self,
        detector: TwoStageDetector,
        inputs: dict,
        score_thr: float,
        nms_iou_thr: float,
        max_per_img: int,
    ) -> None:
        self._detector = detector
        data = detector.data_preprocessor(inputs, False)
        samples = data['data_samples']
        self._metas = [sample.metainfo for sample in samples]
        self._features = detector.extract_feat(data['inputs'])
        proposals = detector.rpn_head.predict(
            self._features, samples, rescale=False
        )
        # No limit over all classes together: FP-class detections must not
        # push lesion-class ones out.
        cfg = ConfigDict(
            score_thr=score_thr,
            nms=dict(type='nms', iou_threshold=nms_iou_thr),
            max_per_img=-1,
        )
        found = detector.roi_head.predict_bbox(
            self._features,
            self._metas,
            proposals,
            rcnn_test_cfg=cfg,
            rescale=False,
        )[0]
        found = found[found.labels == LESION]
        order = torch.argsort(found.scores, descending=True, stable=True)
        self._found = found[order[:max_per_img]]
        scale = np.tile(np.asarray(self._metas[0]['scale_factor']), 2)
        boxes = self._found.bboxes.double().cpu().numpy()
        self.boxes = boxes / scale - EDGE_SHIFT_PX
        self.scores = self._found.scores.double().cpu().numpy()
        self.size = tuple(self._metas[0]['ori_shape'])

    def masks(self, indices: Sequence[int]) -> np.ndarray:
        """Predicted masks of some detections, (n, H, W) bool, source px."""
        if not len(indices):
            return np.zeros((0, *self.size), dtype=bool)
        subset = InstanceData(
            bboxes=self._found.bboxes[indices].clone(),
            labels=self._found.labels[indices],
            scores=self._found.scores[indices],
        )
        found = self._detector.roi_head.predict_mask(
            self._features, self._metas, [subset], rescale=True
        )[0]
        return found.masks.cpu().numpy()

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
