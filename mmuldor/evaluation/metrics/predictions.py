"""What a model predicts on an image, as the metric keeps it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from pycocotools import mask as mask_coder

from mmuldor.evaluation.results import Detections
from mmuldor.evaluation.slice_froc import SliceEvaluation


class Prediction(NamedTuple):
    """The detections of one image, in the frame of the JSON."""

    image_id: int
    boxes: np.ndarray
    scores: np.ndarray
    categories: np.ndarray
    labels: np.ndarray
    rles: list[dict] | None


def pool(
    predictions: list[Prediction], types: tuple[str, ...] = ()
) -> Detections:
    """The detections of all images as one table.

    Args:
        predictions: One an image.
        types: Names of the labels, where they are lesion types.
    """
    counts = [len(prediction.scores) for prediction in predictions]
    ids = [prediction.image_id for prediction in predictions]
    return Detections(
        np.repeat(np.array(ids, dtype=np.int64), counts),
        np.concatenate([p.boxes for p in predictions]),
        np.concatenate([p.scores for p in predictions]),
        np.concatenate([p.categories for p in predictions]),
        np.array(types)[np.concatenate([p.labels for p in predictions])]
        if types
        else None,
    )


def encode(masks: Any, sample: dict[str, Any]) -> list[dict]:
    """Masks of one image, (n, H, W) or encoded already, as encodings."""
    if isinstance(masks, (list, tuple)):
        return list(masks)
    size = tuple(sample['ori_shape'][:2])
    if len(masks) and masks.shape[1:] != size:
        raise ValueError(
            f'`masks` of image {sample["img_id"]} must be of its size {size}, '
            f'but got {masks.shape[1:]}. Predict with `rescale=True`.'
        )
    columns = np.asfortranarray(masks.transpose(1, 2, 0), dtype=np.uint8)
    return mask_coder.encode(columns)


def figures(evaluation: SliceEvaluation) -> dict[str, float]:
    """The figures by their names in the log."""
    summary = evaluation.summary
    named = {
        f'sens@{rate:g}': sensitivity
        for rate, sensitivity in zip(
            summary.fp_rates, summary.sensitivity, strict=True
        )
    }
    named['mean'] = summary.mean
    named['max_sens'] = summary.max_sensitivity
    named['fps@max'] = summary.fps_at_max
    return named
