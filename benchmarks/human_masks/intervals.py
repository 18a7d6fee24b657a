"""Means over lesions, with intervals over patients."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mmuldor.evaluation.comparison.resampling import interval, patient_weights

NUM_RESAMPLES = 2000


class PatientBootstrap:
    """Resamples of patients; each lesion counts as often as its patient.

    All figures see the same draws, so differences are paired.

    Args:
        patients: The patient of each lesion, (m,).
        num_resamples: Number of draws.
        seed: Of the draws.
    """

    def __init__(
        self,
        patients: Sequence[str],
        num_resamples: int = NUM_RESAMPLES,
        seed: int = 0,
    ) -> None:
        self.weights = patient_weights(patients, num_resamples, seed)

    def mean(
        self, values: Sequence[float], among: np.ndarray | None = None
    ) -> dict:
        """Mean of the lesions' values with its 95 % interval.

        Args:
            values: (m,).
            among: Which lesions count, (m,) bool; all by default.
        """
        values = np.asarray(values, dtype=np.float64)
        some = np.ones(len(values), bool) if among is None else among

        def weighted(weights: np.ndarray) -> np.ndarray:
            total = weights[some].sum()
            part = weights[some] @ values[some]
            return np.array(part / total if total else np.nan)

        return self.of(weighted)

    def of(self, figure: Callable[[np.ndarray], np.ndarray]) -> dict:
        """A figure of weighted lesions with its 95 % interval.

        Args:
            figure: Of weights (m,); returns an array, the same shape always.
        """
        once = figure(np.ones(self.weights.shape[1]))
        samples = np.array(
            [figure(row.astype(np.float64)) for row in self.weights]
        )
        low, high = interval(samples)
        return {
            'value': once.tolist(),
            'interval': [low.tolist(), high.tolist()],
        }
