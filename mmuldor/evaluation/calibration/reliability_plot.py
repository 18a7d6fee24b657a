"""Reliability of probabilities on patients not fitted on, and the fit."""

from __future__ import annotations

import os

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmuldor.evaluation.calibration.fitting import Fit
from mmuldor.evaluation.calibration.quality import Reliability, reliability
from mmuldor.evaluation.froc_plot import GREY, STYLES
from mmuldor.visualization.panels import save_figure


def plot_calibration(path: str | os.PathLike, fit: Fit) -> None:
    """Draw the held-out reliability, and the map from scores.

    Args:
        path: .png, .pdf or .svg.
        fit: From `mmuldor.evaluation.calibration.fitting`.
    """
    fig = Figure(figsize=(9.6, 4.8), dpi=150, layout='constrained')
    FigureCanvasAgg(fig)
    left, right = fig.subplots(1, 2)
    _draw_reliability(left, fit)
    _draw_map(right, fit)
    for ax in (left, right):
        ax.set_xlim(-0.02, 1.02)
        ax.set_ylim(-0.02, 1.02)
        ax.grid(color='#d9dde2', lw=0.8)
        ax.spines[['top', 'right']].set_visible(False)
        ax.legend(loc='upper left', fontsize=9)
    save_figure(fig, path)


def _draw_reliability(ax: Axes, fit: Fit) -> None:
    ax.plot([0, 1], [0, 1], ':', color=GREY, lw=1, label='perfect')
    found = reliability(fit.unseen, fit.unseen_hits)
    low, high = share_interval(found)
    ax.errorbar(
        found.means,
        found.shares,
        [found.shares - low, high - found.shares],
        fmt='o',
        color=STYLES[0][0],
        capsize=3,
        label='patients not fitted on, 95 %',
    )
    for mean, share, count in zip(*found, strict=True):
        ax.annotate(f'{count}', (mean, share), xytext=(5, -11),
                    textcoords='offset points', fontsize=7)  # fmt: skip
    ax.set_xlabel('probability (tenths; numbers: detections)')
    ax.set_ylabel('share of detections that hit a lesion')


def _draw_map(ax: Axes, fit: Fit) -> None:
    calibration, point = fit.file.calibration, fit.file.operating_point
    ax.plot(
        calibration.scores,
        calibration.probabilities,
        color=STYLES[0][0],
        lw=1.5,
        label='calibration',
    )
    ax.axvline(
        point.score_thr, color=GREY, ls='--', lw=1, label='operating point'
    )
    ax.set_xlabel('score')
    ax.set_ylabel('probability of a lesion')


def share_interval(found: Reliability) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of each bin's share of hits, (b,) each.

    Jeffreys' (Brown, Cai and DasGupta, Stat. Sci. 2001), out to 0 where none
    hits and to 1 where all do.
    """
    from scipy import stats

    hits = found.shares * found.counts
    misses = found.counts - hits
    low = stats.beta.ppf(0.025, hits + 0.5, misses + 0.5)
    high = stats.beta.ppf(0.975, hits + 0.5, misses + 0.5)
    return np.minimum(low, found.shares), np.maximum(high, found.shares)
