"""A linear classifier with patients left out, and its AUC."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from mmuldor.functional.arrays import Bools, Floats


def fit_logistic(
    features: Floats, is_lesion: Bools, weights: Floats, penalty: float
) -> tuple[Floats, float]:
    """Logistic regression with an L2 penalty.

    Minimises the weighted mean log-loss plus penalty / 2 times the squared
    length of the coefficients; the intercept is free.

    Args:
        features: (n, d).
        is_lesion: (n,).
        weights: (n,) above 0.
        penalty: Above 0.

    Returns:
        Coefficients (d,) and intercept.
    """
    sign = np.where(is_lesion, 1.0, -1.0)
    share = weights / weights.sum()

    def loss(parameters: Floats) -> tuple[float, Floats]:
        slope, level = parameters[:-1], parameters[-1]
        margin = sign * (features @ slope + level)
        pull = -share * sign * expit(-margin)
        value = share @ np.logaddexp(0, -margin) + penalty / 2 * slope @ slope
        return value, np.append(
            features.T @ pull + penalty * slope, pull.sum()
        )

    start = np.zeros(features.shape[1] + 1)
    found = minimize(loss, start, jac=True, method='L-BFGS-B').x
    return found[:-1], float(found[-1])


def held_out_scores(
    features: np.ndarray,
    is_lesion: Bools,
    patients: Sequence[int],
    penalty: float,
) -> Floats:
    """The score of each sample by a classifier of the other patients.

    Features are standardised by the other patients' mean and standard
    deviation; lesions and other tissue weigh equally.

    Args:
        features: (n, d).
        is_lesion: (n,).
        patients: (n,).
        penalty: Of `fit_logistic`.

    Returns:
        (n,) log-odds.
    """
    features = np.asarray(features, dtype=np.float64)
    owner, scores = np.asarray(patients), np.empty(len(features))
    for patient in np.unique(owner):
        test = owner == patient
        lesion = is_lesion[~test]
        weights = np.where(lesion, 1 / lesion.sum(), 1 / (~lesion).sum())
        mean = weights @ features[~test] / 2
        variance = weights @ (features[~test] - mean) ** 2 / 2
        # A channel that is 0 everywhere stays 0.
        scaled = (features - mean) / np.sqrt(variance + 1e-12)
        slope, level = fit_logistic(scaled[~test], lesion, weights, penalty)
        scores[test] = scaled[test] @ slope + level
    return scores


def wins(scores: Floats, is_lesion: Bools) -> Floats:
    """Which lesion scores above which other tissue, (lesions, others).

    1 if higher, 0.5 if equal: the mean is the AUC (Mann-Whitney).
    """
    difference = scores[is_lesion][:, None] - scores[~is_lesion]
    return (np.sign(difference) + 1) / 2


def weighted_auc(won: Floats, is_lesion: Bools, weights: Floats) -> float:
    """AUC where samples count several times, as in a resample.

    Args:
        won: From `wins`, or a mean of several.
        is_lesion: (n,).
        weights: (n,).
    """
    lesions, others = weights[is_lesion], weights[~is_lesion]
    pairs = lesions.sum() * others.sum()
    return float(lesions @ won @ others / pairs) if pairs else float('nan')
