"""What each block and each combination gains, as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.recipe.plan import BASELINE, COMBINATIONS, PAPER
from benchmarks.replicates.results import Replicate, differences
from mmuldor.evaluation.comparison.inference import paired_t
from mmuldor.evaluation.froc_plot import GREY, STYLES

_GRID = '#d9dde2'


def gains_figure(
    replicates: Sequence[Replicate], arms: Iterable[str]
) -> Figure:
    """Differences from the baseline, the largest mean at the top.

    A small mark for each phantom, a large one for their mean, a line for the
    95 % interval where there are two or more.

    Args:
        replicates: What is done of the phantoms for development.
        arms: Names; those without a result are left out.
    """
    found = {name: _gains(replicates, name) for name in (PAPER, *arms)}
    found = {name: gains for name, gains in found.items() if len(gains)}
    names = sorted(found, key=lambda name: found[name].mean())
    fig = Figure(
        figsize=(7.2, 1.2 + 0.24 * len(names)), dpi=150, layout='constrained'
    )
    FigureCanvasAgg(fig)
    ax = fig.subplots()
    for place, name in enumerate(names):
        gains, color = found[name], _color(name)
        ax.plot(gains, [place] * len(gains), '.', color=color, ms=4, alpha=0.6)
        ax.plot(gains.mean(), place, 'o', color=color, ms=6)
        if len(gains) > 1:
            estimate = paired_t(gains)
            ax.plot(
                [float(estimate.low), float(estimate.high)],
                [place, place],
                color=color,
            )
    ax.axvline(0, color=GREY, lw=0.8)
    ax.set_yticks(range(len(names)), names)
    ax.set_xlabel(
        f'mean sensitivity at 0.5 to 4 FPs, minus {BASELINE} [points]'
    )
    ax.grid(axis='x', color=_GRID, lw=0.8)
    ax.set_axisbelow(True)
    ax.spines[['top', 'right']].set_visible(False)
    return fig


def _gains(replicates: Sequence[Replicate], name: str) -> np.ndarray:
    """Points by phantom."""
    arm, base = (name, 0), (BASELINE, 0)
    both = [r for r in replicates if {arm, base} <= r.records.keys()]
    return 100 * differences(both, base, arm)


def _color(name: str) -> str:
    kinds = {PAPER: 1} | dict.fromkeys(COMBINATIONS, 2)
    return STYLES[kinds.get(name, 0)][0]
