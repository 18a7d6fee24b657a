"""Plots that only the study has."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmuldor.evaluation.froc_plot import STYLES


def missing_figure(by_missing: Mapping[int, dict]) -> Figure:
    """Mean sensitivity over the fraction of missing annotations.

    Args:
        by_missing: Comparisons by the share in percent.
    """
    fig = Figure(figsize=(6.4, 4.2), dpi=150, layout='constrained')
    FigureCanvasAgg(fig)
    ax = fig.add_subplot()
    points: dict[str, list[tuple]] = {}
    for share in sorted(by_missing):
        for row in by_missing[share]['rows']:
            if row['mean'] is None:
                continue
            low, high = row['mean_interval']
            points.setdefault(row['name'], []).append(
                (share, row['mean'], row['mean'] - low, high - row['mean'])
            )
    for index, (name, values) in enumerate(points.items()):
        color, dash = STYLES[index % len(STYLES)]
        share, mean, below, above = zip(*values, strict=True)
        x = [s + 1.2 * (index - (len(points) - 1) / 2) for s in share]
        ax.errorbar(
            x,
            [100 * m for m in mean],
            [[100 * v for v in below], [100 * v for v in above]],
            color=color, ls=dash, marker='o', ms=5, capsize=3, label=name,
        )  # fmt: skip
    ax.set_xticks(sorted(by_missing))
    ax.set_xlabel('training lesions without annotation [%]')
    ax.set_ylabel('mean sensitivity at 0.5, 1, 2, 4 FPs [%]')
    ax.grid(color='#d9dde2', lw=0.8)
    ax.set_axisbelow(True)
    ax.spines[['top', 'right']].set_visible(False)
    ax.legend(loc='lower left')
    return fig
