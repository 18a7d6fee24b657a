"""Figures of the replicated study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.replicates.plan import CLAIMS
from benchmarks.replicates.results import Arm, Replicate, differences
from benchmarks.replicates.tables import ARM_NAMES, arm_name
from mmuldor.evaluation.comparison.inference import paired_t
from mmuldor.evaluation.comparison.resampled_froc import mean_curve
from mmuldor.evaluation.froc_plot import froc_figure


def claims_figure(replicates: Sequence[Replicate]) -> Figure:
    """Every replicate's difference, their mean and its 95 % interval."""
    fig = Figure(figsize=(7.2, 2.6), dpi=150, layout='constrained')
    FigureCanvasAgg(fig)
    ax = fig.add_subplot()
    names = []
    for y, claim in enumerate(CLAIMS):
        second = (claim.second, claim.missing)
        found = 100 * differences(
            replicates, (claim.first, claim.missing), second
        )
        estimate = paired_t(found)
        ax.plot(found, np.full(len(found), y + 0.18), '.', color='#8a94a0')
        ax.errorbar(
            estimate.mean, y,
            xerr=[[estimate.mean - estimate.low],
                  [estimate.high - estimate.mean]],
            color='#1f5fa8', marker='o', capsize=4,
        )  # fmt: skip
        names.append(f'{arm_name(second)}\n- {ARM_NAMES[claim.first]}')
    ax.axvline(0, color='#30363d', lw=0.8)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlabel('difference of the mean sensitivity [percentage points]')
    ax.grid(axis='x', color='#d9dde2', lw=0.8)
    ax.set_axisbelow(True)
    ax.spines[['top', 'right']].set_visible(False)
    return fig


def curves_figure(
    replicates: Sequence[Replicate], arms: Mapping[str, Arm]
) -> Figure:
    """FROC curves of the arms, sensitivities averaged over replicates.

    Args:
        replicates: All with these arms.
        arms: By the names that the figure shows.
    """
    images = replicates[0].num_images
    return froc_figure(
        {
            name: mean_curve(
                [r.outcomes[arm]['lesion'] for r in replicates], images
            )
            for name, arm in arms.items()
        }
    )
