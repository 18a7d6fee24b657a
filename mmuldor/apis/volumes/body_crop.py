"""Run a detector on the part of a volume's slices that has the body."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from torch import Tensor

from mmuldor.apis.configs.parts import type_name
from mmuldor.apis.slices import slice_item
from mmuldor.apis.volumes.slice_model import SliceModel
from mmuldor.engine.detection.surroundings import Surroundings, Window
from mmuldor.engine.detection.windows import window_around
from mmuldor.functional.arrays import Ints
from mmuldor.functional.boxes import flipped_box
from mmuldor.scans.body_region import body_boxes, empty_slice, joint_box
from mmuldor.scans.volume import Volume

# Transforms after which the network's input is the whole slice, resized.
# Not CropToBody: what it leaves is cropped already.
_KNOWN_STEPS = {
    *('LoadCTSlices', 'SliceOffset', 'WindowHU', 'ResizeToSpacing', 'Resize'),
    *('RandomFlip', 'PackDetInputs'),
}
# A batch whose window has more of the input runs on the whole: a window of
# 88 % took 5 to 9 % more processor time than the whole.
_MOST = 0.8
# Slices' worth of work that must be saved: the preparation costs two.
_LEAST_SAVED = 3


class _View(NamedTuple):
    """How the network sees slices: flipped or not, and at which size."""

    scale_factor: tuple[float, float]
    shape: tuple[int, int]  # of the padded input
    slice_shape: tuple[int, int]
    flip: str | None
    surroundings: Surroundings


class BodyCrop:
    """The windows of a volume's body.

    Args:
        boxes: `x1 y1 x2 y2` of the body in each slice, (slices, 4), px.
        reach: So many slices on either side belong to a slice's channels.
        views: The views of a slice.
        step: Sides of windows are multiples of this, px of the input.
    """

    def __init__(
        self, boxes: Ints, reach: int, views: Sequence[_View], step: int
    ) -> None:
        self._boxes, self._reach = boxes, reach
        self._views, self._step = views, step

    def windows(
        self, indices: Sequence[int]
    ) -> list[tuple[Window, Surroundings]] | None:
        """Of each view the window of some slices; None: the whole."""
        box = box_of(self._boxes, indices, self._reach)
        if box is None:
            return None
        windows = []
        for view in self._views:
            window = window_around(
                flipped_box(box.tolist(), view.slice_shape, view.flip),
                view.scale_factor,
                view.shape,
                view.surroundings.grid,
                self._step,
            )
            windows.append((window, view.surroundings))
        share = sum(window.area for window, _ in windows) / sum(
            math.prod(view.shape) for view in self._views
        )
        return None if share > _MOST else windows


def box_of(boxes: Ints, indices: Sequence[int], reach: int) -> Ints | None:
    """The box around some slices' bodies and those of their neighbours."""
    first = max(min(indices) - reach, 0)
    return joint_box(boxes[first : max(indices) + reach + 1])


def plan_crop(
    volume: Volume,
    batches: Sequence[Sequence[int]],
    model: SliceModel,
    pipeline: Callable[[dict], dict],
    steps: Sequence[dict],
) -> BodyCrop | None:
    """Plan to run a detector on the body alone.

    Args:
        volume: The scan.
        batches: Indices of the slices of each batch.
        model: The detector.
        pipeline: Makes an item for it of ``slice_item``.
        steps: The pipeline's config.

    Returns:
        None where the whole slices must be used or little would be saved.
    """
    reach = slices_reached(steps, volume.spacing_mm[2])
    if reach is None or model.network is None:
        return None
    columns_mm, rows_mm, _ = volume.spacing_mm
    boxes = body_boxes(volume.hu, columns_mm * rows_mm)
    saved = 0.0
    for batch in batches:
        box = box_of(boxes, batch, reach)
        if box is not None:
            x1, y1, x2, y2 = box / np.tile(volume.shape[:0:-1], 2)
            saved += len(batch) * (1 - (x2 - x1) * (y2 - y1))
    count = sum(map(len, batches))
    if saved < max(_LEAST_SAVED, (1 - _MOST) * count):
        return None
    planes = np.broadcast_to(empty_slice(volume.hu), volume.shape)
    item = pipeline(slice_item(replace(volume, hu=planes), len(planes) // 2))
    batches_of_views = model.views([item])
    channels = batches_of_views[0]['inputs'][0].shape[0]
    if not model.is_local(channels):
        return None
    views = [_view(model, model.network, batch) for batch in batches_of_views]
    step = model.detector.data_preprocessor.pad_size_divisor
    if step == 1:
        step = max(view.surroundings.grid for view in views)
    return BodyCrop(boxes, reach, views, step)


def _view(
    model: SliceModel, network: Callable[[Tensor], list[Tensor]], batch: dict
) -> _View:
    """A view of the slice without a body, with the network's maps of it."""
    data = model.detector.data_preprocessor(batch, False)
    (sample,) = data['data_samples']
    surroundings = Surroundings(network, data['inputs'], model.halves)
    # Only their inputs are needed: for ResNet-101 30 MB less of 130.
    surroundings.outputs.clear()
    return _View(
        sample.scale_factor,
        data['inputs'].shape[-2:],
        sample.ori_shape[:2],
        sample.get('flip_direction') if sample.get('flip') else None,
        surroundings,
    )


def slices_reached(steps: Sequence[dict], interval_mm: float) -> int | None:
    """Slices on either side of a key slice that a pipeline may load.

    Args:
        steps: Config of the test pipeline.
        interval_mm: Distance of the volume's slices.

    Returns:
        None if a step is not known to give the whole slice, resized.
    """
    neighbours = offset = 0.0
    for step in _flat(steps):
        name = type_name(step)
        if name not in _KNOWN_STEPS:
            return None
        if name == 'RandomFlip' and step.get('prob') not in (0.0, 1.0):
            return None
        if name == 'LoadCTSlices':
            distance_mm = step.get('slice_interval_mm')
            each = 1.0 if distance_mm is None else distance_mm / interval_mm
            if step.get('keep_thicker'):
                each = max(each, 1.0)
            neighbours = (step.get('num_slices', 3) // 2) * each
        if name == 'SliceOffset':
            offset = max(offset, abs(step['mm']) / interval_mm)
    return math.ceil(neighbours + offset)


def _flat(steps: Sequence) -> Iterator[dict]:
    """All transforms of a pipeline, those of its views, too."""
    for step in steps:
        if not isinstance(step, dict):
            yield from _flat(step)
        elif type_name(step) == 'TestTimeAug':
            yield from _flat(step['transforms'])
        else:
            yield step
