"""A trained detector on batches of slices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from mmcv.ops import nms
from mmdet.models.detectors import TwoStageDetector
from mmdet.structures import DetDataSample
from mmengine.dataset import pseudo_collate
from mmengine.structures import InstanceData
from torch import nn

from mmuldor.classes import LESION
from mmuldor.engine.detection.detections import (
    Detections,
    detect,
    detect_on_slices,
)
from mmuldor.engine.detection.image_stream import concurrent_batches
from mmuldor.engine.detection.surroundings import Surroundings, Window
from mmuldor.engine.detection.windows import (
    in_window,
    is_local,
    plain_network,
)
from mmuldor.functional.masks import largest_piece
from mmuldor.models.view_averaging import ViewAveraging
from mmuldor.scans.lesions import SliceDetection
from mmuldor.upstream.instances import as_arrays

# Boxes of different lesion types with a higher IoU are one lesion.
_SAME_IOU = 0.5
# Pixels of a batch on a CPU: two slices of 352 px, or one of 512 px, which
# gains nothing from a second. With ResNet-101 that saves 400 MB.
_MOST_PX = 2**18


class SliceModel:
    """A trained detector on batches of slices.

    Args:
        model: The detector on its device, or ``ViewAveraging`` of it.
        score_thr: Detections below it are discarded.
        types: Names of the lesion types, if types are classes.

    Attributes:
        detector: The detector itself.
        network: Its maps and first head, see :func:`plain_network`.
        halves: Whether its first head knows where a window begins, see
            :class:`Surroundings`.
    """

    def __init__(
        self, model: nn.Module, score_thr: float, types: Sequence[str]
    ) -> None:
        self._averaging = isinstance(model, ViewAveraging)
        self.model: Any = model
        self.score_thr, self.types = score_thr, types
        # Any: torch types every attribute of a module as a tensor or module.
        self.detector: Any = model.module if self._averaging else model
        self.network = plain_network(self.detector)
        self.halves = isinstance(self.detector, TwoStageDetector)
        self._local: dict[int, bool] = {}

    def division(self, batch_size: int, item: dict) -> tuple[int, int]:
        """How to divide so many slices, which are in the network at a time.

        On a CPU into a batch for each thread, since half of the steps use one
        thread only. Not for a detector with steps of its own: it may keep
        something.

        Args:
            batch_size: Slices in the network at a time.
            item: A slice as the pipeline gives it.

        Returns:
            Slices of a batch, and batches computed at a time.
        """
        on_cpu = next(self.detector.parameters()).device.type == 'cpu'
        if self.network is None or not on_cpu:
            return batch_size, 1
        at_once = min(concurrent_batches(self.detector), batch_size)
        (image,) = self.views([item])[0]['inputs']
        most = max(_MOST_PX // image[0].numel(), 1)
        return min(batch_size // at_once, most), at_once

    def is_local(self, channels: int) -> bool:
        """Whether the detector may run on windows; tried once.

        Args:
            channels: Channels of the pipeline's images.
        """
        if self.network is None:
            return False
        if channels not in self._local:
            device = next(self.detector.parameters()).device
            # The preprocessor adds the distance of the slices.
            preprocessor = self.detector.data_preprocessor
            interval = getattr(preprocessor, 'interval_channel', False)
            self._local[channels] = is_local(
                self.network,
                channels + interval,
                device,
                self.halves,
                interval_channel=interval,
            )
        return self._local[channels]

    def views(self, items: Sequence[dict]) -> list[dict]:
        """Items of the pipeline as a batch of each view of the slices."""
        batch = pseudo_collate(items)
        if not self._averaging:
            return [batch]
        return [
            {key: values[n] for key, values in batch.items()}
            for n in range(len(batch['inputs']))
        ]

    @torch.no_grad()
    def detect(
        self,
        items: Sequence[dict],
        windows: Sequence[tuple[Window, Surroundings]] | None = None,
    ) -> list[InstanceData]:
        """Lesions above the threshold on a batch, in px of the slices.

        Args:
            items: Slices as the pipeline gives them.
            windows: Of each view the part to run on; None: the whole.
        """
        if self.network is None:
            samples = self.model.test_step(pseudo_collate(items))
            return [self._selected(s.pred_instances) for s in samples]
        views = self.views(items)
        if not self._averaging:
            (samples,) = self._predict(views, windows, self._selected)
            return [sample.pred_instances for sample in samples]
        by_view = self._predict(views, windows, lambda instances: instances)
        merged = self.model.merge_preds(list(zip(*by_view, strict=True)))
        return [self._selected(sample.pred_instances) for sample in merged]

    def _selected(self, instances: InstanceData) -> InstanceData:
        """Lesions above the threshold; one type for each lesion."""
        instances = instances[instances.scores >= self.score_thr]
        if not self.types:
            return instances[instances.labels == LESION]
        if not len(instances):
            return instances
        # A detector's NMS is per class, so a lesion may have two types.
        _, kept = nms(
            instances.bboxes, instances.scores, iou_threshold=_SAME_IOU
        )
        return instances[kept]

    def _predict(
        self,
        views: Sequence[dict],
        windows: Sequence[tuple[Window, Surroundings]] | None,
        keep: Callable[[InstanceData], InstanceData],
    ) -> list[list[DetDataSample]]:
        """Samples of each view with the predictions to keep."""
        results = []
        for n, view in enumerate(views):
            data, around = self.detector.data_preprocessor(view, False), None
            if windows is not None:
                window, surroundings = windows[n]
                data = in_window(data, window)
                around = surroundings.around(window)
            detections = self._detections(data, around)
            kept = [keep(part) for part in detections.instances]
            found = _with_masks(detections._replace(instances=kept))
            # It moves them from a crop of ``CropToBody`` to the slice.
            results.append(
                self.detector.add_pred_to_datasample(
                    data['data_samples'], found
                )
            )
        return results

    def _detections(
        self, data: dict, around: AbstractContextManager | None
    ) -> Detections:
        if isinstance(self.detector, TwoStageDetector):
            # Crops of the body are of different sizes.
            sizes = {tuple(s.img_shape[:2]) for s in data['data_samples']}
            if len(sizes) > 1:
                return detect(self.detector, data)
            return detect_on_slices(self.detector, data, around)
        # As mmdet's predict, which would give boxes in px of the slices.
        metas = [sample.metainfo for sample in data['data_samples']]
        head = self.detector.bbox_head
        with around or nullcontext():
            outputs = head(self.detector.extract_feat(data['inputs']))
        found = head.predict_by_feat(
            *outputs, batch_img_metas=metas, rescale=False
        )
        return Detections(self.detector, (), metas, found)


def _with_masks(detections: Detections) -> list[InstanceData]:
    """Detections in px of the slices, with masks if the detector has them."""
    results = detections.rescaled()
    if not detections.detector.with_mask:
        return results
    if any(map(len, results)):
        masks = detections.masks(detections.instances)
    else:
        masks = [
            torch.zeros((0, *meta['ori_shape'][:2]), dtype=torch.bool)
            for meta in detections.metas
        ]
    for result, image_masks in zip(results, masks, strict=True):
        result.masks = image_masks.to(result.bboxes.device)
    return results


def slice_detections(
    index: int, instances: InstanceData, types: Sequence[str] = ()
) -> list[SliceDetection]:
    """The detections of a slice as arrays, each with one piece of a mask.

    Args:
        index: Index of the slice.
        instances: Its detections in px of the slice.
        types: Names of the lesion types, if types are classes.
    """
    preds = as_arrays(instances)
    masks = [None] * len(preds.boxes) if preds.masks is None else preds.masks
    detections = []
    for box, score, label, mask in zip(
        preds.boxes,
        preds.scores.tolist(),
        preds.labels.tolist(),
        masks,
        strict=True,
    ):
        detections.append(
            SliceDetection(
                index,
                box,
                score,
                None if mask is None else largest_piece(mask),
                types[label] if types else None,
            )
        )
    return detections
