"""FROC: match detections to lesions -> curve -> sensitivity at FP rates.

The convention of all DeepLesion papers (CADLab's `FROC` and `sens_at_FP`):
detections of all images are pooled and sorted by score, tied scores are one
step; widths are counted inclusively; a hit is an IoU of at least 0.5; a
detection that hits nothing is a false positive (FP), one that hits only
lesions that were hit before is neither; one box may hit several lesions; FPs
are divided by the number of images; sensitivity is interpolated linearly and
stays at its last value beyond the last FP rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Floats, Ints
from mmuldor.functional.matching import (
    Matched,
    append_fp_class,
    drop_noisy,
    match,
)

__all__ = [
    'FP_RATES',
    'MEAN_FP_RATES',
    'FROCCurve',
    'FROCSummary',
    'Matched',
    'append_fp_class',
    'check_fp_rates',
    'drop_noisy',
    'froc_curve',
    'match',
    'sensitivity_at',
    'summarize',
]

FP_RATES = (0.5, 1.0, 2.0, 4.0, 5.0, 8.0, 16.0)
MEAN_FP_RATES = (0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, eq=False)
class FROCCurve:
    """Points of the curve, from (0, 0), one more a step, both not falling.

    Attributes:
        fps_per_image: False positives an image, (num_steps + 1,) float64.
        sensitivity: Share of the lesions found, (num_steps + 1,) float64.
    """

    fps_per_image: Floats
    sensitivity: Floats


@dataclass(frozen=True)
class FROCSummary:
    """The figures that papers report; sensitivities are fractions.

    Attributes:
        fp_rates: FPs per image at which sensitivity is reported.
        sensitivity: Sensitivity at each of them.
        mean: Mean sensitivity at 0.5, 1, 2 and 4, whatever `fp_rates` are.
        max_sensitivity: The maximum sensitivity, that of all detections.
        fps_at_max: The smallest number of FPs per image that reaches it.
    """

    fp_rates: tuple[float, ...]
    sensitivity: tuple[float, ...]
    mean: float
    max_sensitivity: float
    fps_at_max: float


def froc_curve(
    matched: Matched, image_weights: ArrayLike | None = None
) -> FROCCurve:
    """The curve, for resampled images too.

    Args:
        matched: The outcome of `match`.
        image_weights: How often each image of `matched.image_ids` counts,
            (k,), 0 or more: how often it was drawn, for a bootstrap. None:
            once each.

    Raises:
        ValueError: If no image or no lesion counts, so that the curve is
            undefined, or a weight is wrong.
    """
    weights = _check_weights(image_weights, len(matched.image_ids))
    lesion_weights = weights[matched.lesion_image]
    num_images, num_lesions = weights.sum(), lesion_weights.sum()
    if num_images == 0:
        raise ValueError('a FROC curve needs at least one image, but got 0.')
    if num_lesions == 0:
        raise ValueError(
            'sensitivity needs at least one lesion, but the '
            f'{num_images:g} images have none.'
        )
    fp = matched.det_is_fp
    fps = _accumulate(
        matched.det_step[fp],
        weights[matched.det_image[fp]],
        matched.num_steps,
    )
    found = _accumulate(matched.lesion_step, lesion_weights, matched.num_steps)
    fps /= num_images
    found /= num_lesions
    return FROCCurve(fps, found)


def sensitivity_at(curve: FROCCurve, fp_rates: ArrayLike) -> Floats:
    """Sensitivity at FPs per image: linear between points, held at the end.

    Where the curve rises at one FP rate, the upper end counts.

    Args:
        curve: The curve.
        fp_rates: FPs per image, (r,), 0 or more.

    Returns:
        Sensitivities as fractions, (r,) float64.

    Raises:
        ValueError: If a rate is negative or not finite.
    """
    rates = np.asarray(fp_rates, dtype=np.float64)
    if not (np.isfinite(rates) & (rates >= 0)).all():
        raise ValueError(
            '`fp_rates` must be finite and 0 or more, but got '
            f'{rates.tolist()}.'
        )
    x, y = curve.fps_per_image, curve.sensitivity
    right = np.searchsorted(x, rates, side='right')
    left, right = right - 1, np.minimum(right, len(x) - 1)
    run = np.where(right > left, x[right] - x[left], 1.0)
    share = (rates - x[left]) / run
    found: Floats = y[left] + share * (y[right] - y[left])
    return found


def summarize(
    curve: FROCCurve, fp_rates: Sequence[float] = FP_RATES
) -> FROCSummary:
    """The figures of a curve that papers report.

    Raises:
        ValueError: If `fp_rates` are not strictly increasing from 0 or more.
    """
    rates = check_fp_rates(fp_rates)
    last = curve.sensitivity[-1]
    first_at_max = np.searchsorted(curve.sensitivity, last, side='left')
    return FROCSummary(
        fp_rates=rates,
        sensitivity=tuple(sensitivity_at(curve, rates).tolist()),
        mean=float(sensitivity_at(curve, MEAN_FP_RATES).mean()),
        max_sensitivity=float(last),
        fps_at_max=float(curve.fps_per_image[first_at_max]),
    )


def check_fp_rates(fp_rates: Sequence[float]) -> tuple[float, ...]:
    """The rates as floats; ValueError unless they rise from 0 or more."""
    rates = np.asarray(fp_rates, dtype=np.float64)
    rising = rates.ndim == 1 and rates.size > 0 and np.isfinite(rates).all()
    if not rising or rates[0] < 0 or (np.diff(rates) <= 0).any():
        raise ValueError(
            '`fp_rates` must be finite, 0 or more and strictly increasing, '
            f'but got {fp_rates}.'
        )
    return tuple(rates.tolist())


def _check_weights(weights: ArrayLike | None, count: int) -> Floats:
    """Weights of the images as float64; they add up exactly below 2**53."""
    if weights is None:
        return np.ones(count)
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape != (count,):
        raise ValueError(
            f'`image_weights` must have the shape ({count},), one an image, '
            f'but got {weights.shape}.'
        )
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError('`image_weights` must be finite and 0 or more.')
    return weights


def _accumulate(steps: Ints, weights: Floats, num_steps: int) -> Floats:
    """Weight up to each step, from 0 before the first: (num_steps + 1,)."""
    per_step = np.bincount(steps, weights, minlength=num_steps)
    total = np.zeros(num_steps + 1)
    np.cumsum(per_step[:num_steps], out=total[1:])
    return total
