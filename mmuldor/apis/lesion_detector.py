"""Lesion detection in volumes: load a detector once, run it on arrays."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope

from mmuldor.apis.bundle.load import load_bundle
from mmuldor.apis.configs.precision import apply_memory_format
from mmuldor.apis.settings import check_device, check_settings, check_type
from mmuldor.apis.slices import slice_item, slices_represented
from mmuldor.apis.test_time_augmentation import average_views
from mmuldor.apis.volumes.body_crop import BodyCrop, plan_crop
from mmuldor.apis.volumes.built_model import build_model
from mmuldor.apis.volumes.slice_model import SliceModel, slice_detections
from mmuldor.classes import type_classes
from mmuldor.engine.detection.fused_norms import fuse_norms
from mmuldor.engine.detection.heads import set_score_threshold, unwrapped
from mmuldor.engine.detection.image_stream import in_order
from mmuldor.engine.runner.config_errors import config_errors
from mmuldor.evaluation.calibration.calibration_file import CalibrationFile
from mmuldor.evaluation.calibration.use_on_volumes import check_of_volumes
from mmuldor.functional.boxes_3d import without_repeats
from mmuldor.models.roi_bags import pool_in_bags
from mmuldor.ops.info import warn_of_plain_operators
from mmuldor.scans.joining import join_slices
from mmuldor.scans.lesions import Lesion, SliceDetection
from mmuldor.scans.measurement import measure_lesion
from mmuldor.scans.volume import Volume

DEFAULT_SCORE_THR = 0.3
# Detections of a single view below this score are discarded before averaging.
VIEW_SCORE_THR = 0.02


class LesionDetector:
    """A trained detector that runs on volumes.

    Args:
        config: Config of the training, from :func:`mmuldor.apis.load_config`.
        checkpoint: File with its weights, read safely, or the tensors by
            name. The model may then need a few times their memory, not more.
        device: 'cpu', 'cuda:0', ...; by default a GPU if there is one.
        score_thr: Lesions below it are discarded, and so are detections of
            slices before they are joined to lesions, unless a calibration was
            fitted with a lower threshold of slices: then that one, without
            which other lesions come out than it knows. By default the
            threshold of the calibration's operating point, or 0.3 without
            calibration.
        calibration: From ``load_calibration`` of
            ``mmuldor.evaluation.calibration.calibration_file``, of volumes;
            gives lesions a probability, and leaves out those that overlap a
            higher-scoring one by its ``overlap_iou``.
        tta: Average over the views of the config's ``tta``.
        crop_to_body: Leave the air around the body out of the network's work,
            where that saves time. The lesions are the same.

    Raises:
        FileNotFoundError: If the checkpoint does not exist.
        TypeError: If `config` is no config, but perhaps its path.
        ValueError: If it does not fit the config, or an argument is wrong.
    """

    def __init__(
        self,
        config: Config,
        checkpoint: str | os.PathLike[str] | Mapping[str, torch.Tensor],
        device: str | None = None,
        score_thr: float | None = None,
        calibration: CalibrationFile | None = None,
        tta: bool = False,
        crop_to_body: bool = True,
    ) -> None:
        check_type(config, Config, '`config`, of `load_config`,')
        if not isinstance(checkpoint, Mapping):
            checkpoint = os.fspath(checkpoint)
        check_settings(score_thr=score_thr)
        check_device(device)
        if calibration is not None:
            check_of_volumes(calibration)
        init_default_scope(config.get('default_scope', 'mmdet'))
        if tta:
            config = copy.deepcopy(config)
            average_views(config)
        if score_thr is None:
            score_thr = DEFAULT_SCORE_THR
            if calibration is not None:
                score_thr = calibration.operating_point.score_thr
        self.score_thr, self.calibration = score_thr, calibration
        self.slice_score_thr = score_thr
        if calibration is not None and calibration.settings is not None:
            fitted_with = calibration.settings.score_thr
            if fitted_with is not None:
                self.slice_score_thr = min(score_thr, fitted_with)
        with config_errors(config):
            dataset = config.test_dataloader.dataset
            self._steps = dataset.pipeline
            self._pipeline = Compose(self._steps)
            self._types = type_classes(dataset.get('lesion_types'))
        self.model = build_model(config, checkpoint, self._types)
        detector = unwrapped(self.model)
        if device is None:
            device = 'cuda:0' if torch.cuda.is_available() else 'cpu'
        if torch.device(device).type == 'cuda':
            warn_of_plain_operators()
        # Convolutions with fused norms are faster.
        self.model = fuse_norms(self.model).to(device).eval()
        apply_memory_format(self.model, config)
        if torch.device(device).type == 'cpu':
            pool_in_bags(self.model)
        # A low score in one view may still give a mean above the threshold.
        lowest = self.slice_score_thr
        if tta:
            lowest = min(lowest, VIEW_SCORE_THR)
        set_score_threshold(detector, lowest)
        self._crop_to_body = crop_to_body
        self.slice_model = SliceModel(
            self.model, self.slice_score_thr, self._types
        )

    @classmethod
    def from_bundle(
        cls, path: str | os.PathLike, **options: Any
    ) -> LesionDetector:
        """The detector of a bundle, calibrated as the bundle is.

        Args:
            path: File of ``mmuldor publish``.
            options: ``device``, ``score_thr``, ``calibration``, ``tta`` and
                ``crop_to_body`` of the class.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is no bundle, or an option is wrong.
        """
        bundle = load_bundle(path)
        options.setdefault('calibration', bundle.calibration)
        return cls(bundle.config, bundle.weights, **options)

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
            batch_size: Slices in the network at a time; on a CPU in several
                batches, each computed by its own threads.
            step_mm: Detect only on one slice in this distance; its detections
                are used for the skipped slices, too. None: on every slice.
            iou_thr: See :func:`mmuldor.scans.joining.join_slices`.
            max_gap_mm: See :func:`mmuldor.scans.joining.join_slices`.
            progress: Wraps the batches; gets their number.

        Raises:
            TypeError: If `volume` is none, but perhaps its path.
            ValueError: If an argument is out of range.
        """
        check_type(volume, Volume, '`volume`, of `read_scan`,')
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
        lesions = [
            self._measure(
                [detections[row] for row in rows], volume, represented
            )
            for rows in joined
            if detections[rows[0]].score >= self.score_thr
        ]
        if self.calibration is None or self.calibration.overlap_iou is None:
            return lesions
        kept = without_repeats(
            [lesion.box_mm for lesion in lesions],
            [lesion.score for lesion in lesions],
            self.calibration.overlap_iou,
        )
        return [lesions[row] for row in kept]

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

        They are those above `slice_score_thr`.

        Args:
            volume: The scan.
            batch_size: Slices in the network at a time.
            progress: Wraps the batches; gets their number.
            slices: Indices of slices; None: all.

        Raises:
            ValueError: If `batch_size` is less than 1.
        """
        check_settings(batch_size=batch_size)
        if slices is None:
            slices = range(len(volume.hu))
        if not len(slices):
            return []
        size, at_once = self.slice_model.division(
            batch_size, self._items(volume, slices[:1])[0]
        )
        starts = range(0, len(slices), size)
        batches = [slices[start : start + size] for start in starts]
        crop = self._crop(volume, batches)

        # A generator: the next slices are prepared while the network runs.
        loaded = (
            (batches[number], self._items(volume, batches[number]))
            for number in progress(range(len(batches)), len(batches))
        )

        def work(
            indices: Sequence[int], items: list[dict]
        ) -> list[SliceDetection]:
            windows = None if crop is None else crop.windows(indices)
            found = self.slice_model.detect(items, windows)
            return [
                detection
                for index, instances in zip(indices, found, strict=True)
                for detection in slice_detections(
                    index, instances, self._types
                )
            ]

        threads = max(torch.get_num_threads() // at_once, 1)
        results = in_order(work, loaded, at_once, threads)
        return [detection for batch in results for detection in batch]

    def _items(self, volume: Volume, indices: Sequence[int]) -> list[dict]:
        return [self._pipeline(slice_item(volume, k)) for k in indices]

    def _crop(
        self, volume: Volume, batches: Sequence[Sequence[int]]
    ) -> BodyCrop | None:
        if not self._crop_to_body:
            return None
        return plan_crop(
            volume, batches, self.slice_model, self._pipeline, self._steps
        )
