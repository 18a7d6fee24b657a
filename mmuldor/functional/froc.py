"""FROC: match detections to lesions -> curve -> sensitivity at FP rates.

The convention of all DeepLesion papers (CADLab's `FROC` and `sens_at_FP`):

* Detections of all images are pooled and sorted by descending score.
  Detections with tied scores form one step of the curve.
* Box widths are inclusive. A hit is an IoU of at least 0.5.
* A detection that hits no lesion is a false positive (FP). One that hits only
  lesions that were hit before is neither a true nor a false positive.
* One box may hit several lesions.
* FPs are divided by the number of images.
* Sensitivity is interpolated linearly. Beyond the last FP rate of the curve
  it stays at its last value.
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
    """Points of the curve: (0, 0), then one point per step.

    Both arrays are non-decreasing.

    Attributes:
        fps_per_image: False positives per image, (num_steps + 1,) float64.
        sensitivity: Fraction of detected lesions, (num_steps + 1,) float64.
    """

    fps_per_image: Floats
    sensitivity: Floats

    def equals(self, other: FROCCurve) -> bool:
        """Whether both have the same points."""
        return np.array_equal(
            self.fps_per_image, other.fps_per_image
        ) and np.array_equal(self.sensitivity, other.sensitivity)


@dataclass(frozen=True)
class FROCSummary:
    """The values that papers report; sensitivities are fractions.

    Attributes:
        fp_rates: FPs per image at which sensitivity is reported.
        sensitivity: Sensitivity at each of them.
        mean: Mean sensitivity at 0.5, 1, 2 and 4 FPs per image, independent
            of `fp_rates`.
        max_sensitivity: Sensitivity of all detections.
        fps_at_max: The fewest FPs per image at `max_sensitivity`.
    """

    fp_rates: tuple[float, ...]
    sensitivity: tuple[float, ...]
    mean: float
    max_sensitivity: float
    fps_at_max: float


def froc_curve(
    matched: Matched, image_weights: ArrayLike | None = None
) -> FROCCurve:
    """The FROC curve of matched detections, or of a bootstrap sample of them.

    Args:
        matched: The result of `match`.
        image_weights: Weight of each image of `matched.image_ids`, (k,), 0 or
            more. In a bootstrap: how often the image was drawn. None: 1 each.

    Raises:
        ValueError: If a weight is invalid, or the images or the lesions have
            no weight at all, so that the curve is undefined.
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
    hits = _accumulate(matched.lesion_step, lesion_weights, matched.num_steps)
    fps /= num_images
    hits /= num_lesions
    return FROCCurve(fps, hits)


def sensitivity_at(curve: FROCCurve, fp_rates: ArrayLike) -> Floats:
    """Sensitivity at FPs per image, linearly interpolated.

    Beyond the last point it is that of the last point. Where the curve is
    vertical, it is the upper end.

    Args:
        curve: The FROC curve.
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
    sensitivity: Floats = y[left] + share * (y[right] - y[left])
    return sensitivity


def summarize(
    curve: FROCCurve, fp_rates: Sequence[float] = FP_RATES
) -> FROCSummary:
    """The values of a curve that papers report.

    Args:
        curve: The FROC curve.
        fp_rates: FPs per image, strictly increasing.

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
    """The rates as floats.

    Raises:
        ValueError: If they are not strictly increasing from 0 or more.
    """
    rates = np.asarray(fp_rates, dtype=np.float64)
    is_list = rates.ndim == 1 and rates.size > 0 and np.isfinite(rates).all()
    if not is_list or rates[0] < 0 or (np.diff(rates) <= 0).any():
        raise ValueError(
            '`fp_rates` must be finite, 0 or more and strictly increasing, '
            f'but got {fp_rates}.'
        )
    return tuple(rates.tolist())


def _check_weights(weights: ArrayLike | None, count: int) -> Floats:
    """Weights of the images as float64, (count,).

    Sums of whole numbers are exact in float64 below 2**53.
    """
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
    """Total weight up to each step, 0 first: (num_steps + 1,) float64."""
    per_step = np.bincount(steps, weights, minlength=num_steps)
    total = np.zeros(num_steps + 1)
    np.cumsum(per_step[:num_steps], out=total[1:])
    return total
