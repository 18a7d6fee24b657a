"""Reliability of scores before and after calibration."""

from __future__ import annotations

import os

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmuldor.evaluation.calibration.isotonic import Calibration
from mmuldor.evaluation.froc_plot import GREY, STYLES
from mmuldor.visualization.panels import save_figure

_BINS = 10


def reliability(
    probabilities: np.ndarray, hits: np.ndarray, bins: int = _BINS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean probability, share of hits and number of each bin that has some.

    Args:
        probabilities: (n,) in [0, 1].
        hits: (n,) bool.
        bins: Of equal width over [0, 1].
    """
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    some = counts > 0
    means = np.bincount(place, probabilities, bins)[some] / counts[some]
    shares = np.bincount(place, hits, bins)[some] / counts[some]
    return means, shares, counts[some]


def plot_calibration(
    path: str | os.PathLike,
    scores: np.ndarray,
    hits: np.ndarray,
    calibration: Calibration,
) -> None:
    """Draw the reliability of the scores, and the fitted map.

    Args:
        path: .png, .pdf or .svg.
        scores: Of detections, (n,).
        hits: Whether each one hits a lesion, (n,) bool.
        calibration: Fitted on them.
    """
    fig = Figure(figsize=(5.4, 5), dpi=150, layout='constrained')
    FigureCanvasAgg(fig)
    ax = fig.add_subplot()
    ax.plot([0, 1], [0, 1], ':', color=GREY, lw=1, label='perfect')
    means, shares, counts = reliability(scores, hits)
    ax.plot(means, shares, 'o-', color=STYLES[1][0], label='scores, in tenths')
    for mean, share, count in zip(means, shares, counts, strict=True):
        ax.annotate(f'{count}', (mean, share), xytext=(4, -10),
                    textcoords='offset points', fontsize=7)  # fmt: skip
    ax.plot(
        calibration.scores,
        calibration.probabilities,
        color=STYLES[0][0],
        lw=1.5,
        label='calibration',
    )
    ax.set_xlabel('score')
    ax.set_ylabel('share of detections that hit a lesion')
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.grid(color='#d9dde2', lw=0.8)
    ax.spines[['top', 'right']].set_visible(False)
    ax.legend(frameon=False, loc='upper left')
    save_figure(fig, path)
