"""Lesions of a volume: load a detector once, run it on arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import MODELS, init_default_scope

from mmuldor.apis.checkpoints import load_safely
from mmuldor.engine.candidates import EDGE_SHIFT_PX, LESION
from mmuldor.engine.hooks.head_expansion_hook import check_classes
from mmuldor.functional.lesions import (
    Lesion,
    SliceDetection,
    measure_lesion,
)
from mmuldor.functional.masks import mask_polygons
from mmuldor.functional.volume import join_slices
from mmuldor.io.volume import Volume


class LesionDetector:
    """A trained detector that runs on volumes.

    Args:
        config: Of the training, from :func:`mmuldor.apis.load_config`.
        checkpoint: Its weights, a file; read safely.
        device: 'cpu', 'cuda:0', ...; a GPU where there is one by default.
        score_thr: Detections below do not exist.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ValueError: If it does not fit the config.
    """

    def __init__(
        self,
        config: Config,
        checkpoint: str,
        device: str | None = None,
        score_thr: float = 0.3,
    ) -> None:
        init_default_scope(config.get('default_scope', 'mmdet'))
        self.model = MODELS.build(config.model)
        _load_weights(self.model, checkpoint)
        if device is None:
            device = 'cuda:0' if torch.cuda.is_available() else 'cpu'
        self.model.to(device).eval()
        self.model.roi_head.test_cfg.score_thr = score_thr
        self._pipeline = Compose(config.test_dataloader.dataset.pipeline)

    def detect(
        self,
        volume: Volume,
        *,
        batch_size: int = 4,
        iou_thr: float = 0.3,
        max_gap_mm: float = 5.0,
        progress: Callable[[Iterable[int], int], Iterable[int]] = (
            lambda items, total: items
        ),
    ) -> list[Lesion]:
        """The lesions of a volume, the surest first.

        Args:
            volume: The scan.
            batch_size: Slices at a time.
            iou_thr: See :func:`mmuldor.functional.volume.join_slices`.
            max_gap_mm: Likewise.
            progress: Wraps the batches; gets their number.
        """
        found = self.detect_slices(volume, batch_size, progress)
        columns_mm, rows_mm, interval_mm = volume.spacing_mm
        scale = np.array([columns_mm, rows_mm] * 2)
        boxes = np.array([d.box_px for d in found]).reshape(-1, 4) * scale
        positions = np.array([d.slice_index for d in found]) * interval_mm
        joined = join_slices(
            boxes,
            positions,
            [d.score for d in found],
            iou_thr=iou_thr,
            max_gap_mm=max(max_gap_mm, interval_mm),
        )
        return [
            measure_lesion([found[row] for row in rows], volume.affine)
            for rows in joined
        ]

    def detect_slices(
        self,
        volume: Volume,
        batch_size: int = 4,
        progress: Callable[[Iterable[int], int], Iterable[int]] = (
            lambda items, total: items
        ),
    ) -> list[SliceDetection]:
        """Detections on every slice, from the lowest to the highest."""
        found: list[SliceDetection] = []
        starts = range(0, len(volume.hu), batch_size)
        for start in progress(starts, len(starts)):
            indices = range(start, min(start + batch_size, len(volume.hu)))
            items = [self._pipeline(_item(volume, k)) for k in indices]
            with torch.no_grad():
                samples = self.model.test_step(pseudo_collate(items))
            for index, sample in zip(indices, samples, strict=True):
                found += _detections(index, sample.pred_instances)
        return found


class _FromHead:
    """Slices of a volume by DeepLesion's numbers, 1 at the head."""

    def __init__(self, volume: Volume) -> None:
        self._hu = volume.hu

    def __getitem__(self, number: int) -> np.ndarray:
        return self._hu[len(self._hu) - number]


def _item(volume: Volume, index: int) -> dict:
    """A data set's item for one slice."""
    count, height, width = volume.shape
    columns_mm, rows_mm, interval_mm = volume.spacing_mm
    return {
        'img_id': index,
        'img_path': f'{volume.source}#{index}',
        'height': height,
        'width': width,
        'spacing_mm': [columns_mm, rows_mm],
        'slice_interval_mm': interval_mm,
        'key_slice': count - index,
        'slice_range': [1, count],
        'slices_hu': _FromHead(volume),
        'window_hu': None,
        'instances': [],
    }


def _detections(index: int, found) -> list[SliceDetection]:
    found = found[found.labels == LESION].cpu()
    boxes = found.bboxes.double().numpy() - EDGE_SHIFT_PX
    masks = found.masks.numpy() if 'masks' in found else [None] * len(boxes)
    detections = []
    for box, score, mask in zip(
        boxes, found.scores.tolist(), masks, strict=True
    ):
        outlines = [] if mask is None else mask_polygons(mask)
        detections.append(
            SliceDetection(
                index,
                box,
                score,
                outlines[0] if outlines else None,
                0 if mask is None else int(mask.sum()),
            )
        )
    return detections


def _load_weights(model: torch.nn.Module, checkpoint: str) -> None:
    loaded = load_safely(checkpoint)
    state = loaded.get('state_dict', loaded)
    state = {name.removeprefix('module.'): v for name, v in state.items()}
    target = model.state_dict()
    check_classes(state, target)
    lacking = [name for name in target if name not in state]
    other = [
        name
        for name in target
        if name in state and state[name].shape != target[name].shape
    ]
    if lacking or other:
        example = (lacking + other)[0]
        raise ValueError(
            f"'{checkpoint}' must be of this config, but {len(lacking)} "
            f'tensors are missing and {len(other)} have another shape, for '
            f'example `{example}`.'
        )
    model.load_state_dict(state, strict=False)
