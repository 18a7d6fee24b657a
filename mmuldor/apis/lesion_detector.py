"""Lesion detection in volumes: load a detector once, run it on arrays."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import torch
from mmcv.cnn import fuse_conv_bn
from mmcv.ops import nms
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import MODELS, init_default_scope
from mmengine.structures import InstanceData

from mmuldor.apis.configs.precision import apply_memory_format
from mmuldor.apis.settings import check_device, check_settings
from mmuldor.apis.slices import slice_item, slices_represented
from mmuldor.apis.test_time_augmentation import average_views
from mmuldor.classes import LESION, type_classes
from mmuldor.engine.detection.detections import detect, masks_can_wait
from mmuldor.engine.detection.heads import classes_of, set_score_threshold
from mmuldor.engine.detection.weights import (
    load_weights,
)
from mmuldor.engine.runner.config_errors import config_errors
from mmuldor.evaluation.calibration.calibration_file import CalibrationFile
from mmuldor.functional.masks import largest_piece
from mmuldor.ops.info import warn_of_plain_operators
from mmuldor.scans.joining import join_slices
from mmuldor.scans.lesions import Lesion, SliceDetection
from mmuldor.scans.measurement import measure_lesion
from mmuldor.scans.volume import Volume
from mmuldor.upstream.instances import as_arrays

DEFAULT_SCORE_THR = 0.3
# Detections of a single view below this score are discarded before averaging.
VIEW_SCORE_THR = 0.02
# Boxes of different lesion types with a higher IoU are one lesion.
_SAME_IOU = 0.5


class LesionDetector:
    """A trained detector that runs on volumes.

    Args:
        config: Config of the training, from :func:`mmuldor.apis.load_config`.
        checkpoint: File with its weights; read safely.
        device: 'cpu', 'cuda:0', ...; by default a GPU if there is one.
        score_thr: Detections below it are discarded. By default the threshold
            of the calibration's operating point, or 0.3 without calibration.
        calibration: From ``load_calibration`` of
            ``mmuldor.evaluation.calibration.calibration_file``; gives lesions
            a probability.
        tta: Average over the views of the config's ``tta``.

    Raises:
        FileNotFoundError: If the checkpoint does not exist.
        ValueError: If it does not fit the config, or an argument is wrong.
    """

    def __init__(
        self,
        config: Config,
        checkpoint: str,
        device: str | None = None,
        score_thr: float | None = None,
        calibration: CalibrationFile | None = None,
        tta: bool = False,
    ) -> None:
        check_settings(score_thr=score_thr)
        check_device(device)
        init_default_scope(config.get('default_scope', 'mmdet'))
        if tta:
            config = copy.deepcopy(config)
            average_views(config)
        if score_thr is None:
            score_thr = DEFAULT_SCORE_THR
            if calibration is not None:
                score_thr = calibration.operating_point.score_thr
        self.score_thr, self.calibration = score_thr, calibration
        with config_errors(config):
            self.model = MODELS.build(config.model)
            dataset = config.test_dataloader.dataset
            self._pipeline = Compose(dataset.pipeline)
            self._types = type_classes(dataset.get('lesion_types'))
        detector = self.model.module if tta else self.model
        _check_types(detector, self._types)
        load_weights(detector, checkpoint)
        if device is None:
            device = 'cuda:0' if torch.cuda.is_available() else 'cpu'
        if torch.device(device).type == 'cuda':
            warn_of_plain_operators()
        # Convolutions with fused norms are faster; results change only by
        # rounding.
        self.model = fuse_conv_bn(self.model).to(device).eval()
        apply_memory_format(self.model, config)
        # A low score in one view may still give a mean above the threshold.
        lowest = min(score_thr, VIEW_SCORE_THR) if tta else score_thr
        set_score_threshold(detector, lowest)

    def detect(
        self,
        volume: Volume,
        *,
        batch_size: int = 4,
        step_mm: float | None = None,
        iou_thr: float = 0.3,
        max_gap_mm: float = 5.0,
        progress: Callable[[Iterable[int], int], Iterable[int]] = (
            lambda items, total: items
        ),
    ) -> list[Lesion]:
        """The lesions of a volume, sorted by descending score.

        Args:
            volume: The scan.
            batch_size: Slices in a batch.
            step_mm: Detect only on one slice in this distance; its detections
                are used for the skipped slices, too. None: on every slice.
            iou_thr: See :func:`mmuldor.scans.joining.join_slices`.
            max_gap_mm: See :func:`mmuldor.scans.joining.join_slices`.
            progress: Wraps the batches; gets their number.

        Raises:
            ValueError: If an argument is out of range.
        """
        check_settings(step_mm=step_mm, iou_thr=iou_thr, max_gap_mm=max_gap_mm)
        columns_mm, rows_mm, interval_mm = volume.spacing_mm
        # 1e-6 allows for rounding: spacings come from float positions.
        stride = max(int((step_mm or 0) / interval_mm + 1e-6), 1)
        represented = slices_represented(len(volume.hu), stride)
        detections = self.detect_slices(
            volume, batch_size, progress, list(represented)
        )
        scale = np.array([columns_mm, rows_mm] * 2)
        boxes = np.array([d.box_px for d in detections]).reshape(-1, 4) * scale
        positions = np.array([d.slice_index for d in detections]) * interval_mm
        joined = join_slices(
            boxes,
            positions,
            [d.score for d in detections],
            iou_thr=iou_thr,
            max_gap_mm=max(max_gap_mm, stride * interval_mm),
        )
        return [
            self._measure(
                [detections[row] for row in rows], volume, represented
            )
            for rows in joined
        ]

    def _measure(
        self,
        detections: list[SliceDetection],
        volume: Volume,
        represented: dict[int, list[int]],
    ) -> Lesion:
        """The lesion of these detections, repeated on skipped slices."""
        on_all_slices = [
            replace(detection, slice_index=index)
            for detection in detections
            for index in represented[detection.slice_index]
        ]
        lesion = measure_lesion(on_all_slices, volume.affine)
        if self.calibration is None:
            return lesion
        probability = float(self.calibration.calibration(lesion.score))
        return replace(lesion, probability=probability)

    def detect_slices(
        self,
        volume: Volume,
        batch_size: int = 4,
        progress: Callable[[Iterable[int], int], Iterable[int]] = (
            lambda items, total: items
        ),
        slices: Sequence[int] | None = None,
    ) -> list[SliceDetection]:
        """Detections on all slices or on `slices`, in the order of slices.

        Args:
            volume: The scan.
            batch_size: Slices in a batch.
            progress: Wraps the batches; gets their number.
            slices: Indices of slices; None: all.

        Raises:
            ValueError: If `batch_size` is less than 1.
        """
        check_settings(batch_size=batch_size)
        detections: list[SliceDetection] = []
        if slices is None:
            slices = range(len(volume.hu))
        starts = range(0, len(slices), batch_size)
        for start in progress(starts, len(starts)):
            indices = slices[start : start + batch_size]
            items = [self._pipeline(slice_item(volume, k)) for k in indices]
            batch = self._detect_batch(items)
            for index, instances in zip(indices, batch, strict=True):
                detections += _slice_detections(index, instances, self._types)
        return detections

    def _lesions_alone(self, instances: InstanceData) -> InstanceData:
        """Lesions only, without false positives; one type for each lesion."""
        if not self._types:
            return instances[instances.labels == LESION]
        if not len(instances):
            return instances
        # A detector's NMS is per class, so a lesion may have two types.
        _, kept = nms(
            instances.bboxes, instances.scores, iou_threshold=_SAME_IOU
        )
        return instances[kept]

    @torch.no_grad()
    def _detect_batch(self, items: list[dict]) -> list[InstanceData]:
        """Lesions above the threshold on a batch, in px of the slices."""
        batch = pseudo_collate(items)
        if not masks_can_wait(self.model):
            samples = self.model.test_step(batch)
            predicted = [sample.pred_instances for sample in samples]
            return [
                self._lesions_alone(part[part.scores >= self.score_thr])
                for part in predicted
            ]
        data = self.model.data_preprocessor(batch, False)
        detections = detect(self.model, data)
        kept = [
            self._lesions_alone(part[part.scores >= self.score_thr])
            for part in detections.instances
        ]
        detections = detections._replace(instances=kept)
        results = detections.rescaled()
        if any(map(len, kept)):
            masks = detections.masks(kept)
            for result, image_masks in zip(results, masks, strict=True):
                result.masks = image_masks.to(result.bboxes.device)
        return results


def _check_types(detector: torch.nn.Module, types: Sequence[str]) -> None:
    """Raise ValueError unless the detector has the test data's classes."""
    for name, number in classes_of(detector).items():
        if number != len(types) if types else number > 2:
            raise ValueError(
                f'`model.{name}.num_classes` is {number}, but the test '
                f'dataset has {types or "one lesion class"}. Set its '
                '`lesion_types` to those of the training.'
            )


def _slice_detections(
    index: int, instances: InstanceData, types: Sequence[str] = ()
) -> list[SliceDetection]:
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
