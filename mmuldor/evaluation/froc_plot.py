"""Fig. 5 of the paper: FROC curves."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmuldor.functional.froc import FP_RATES, FROCCurve, sensitivity_at
from mmuldor.visualization.panels import save_figure

# Okabe and Ito's colours, which colour-blind readers can tell apart; the
# dashes help in print.
STYLES = (
    ('#0072b2', '-'),
    ('#d55e00', '-'),
    ('#009e73', '-'),
    ('#cc79a7', '--'),
    ('#e69f00', '-'),
    ('#56b4e9', '--'),
)
GREY = '#5f6670'


def froc_figure(
    curves: Mapping[str, FROCCurve],
    max_fp_rate: float = FP_RATES[-1],
    published: Mapping[str, Mapping[float, float]] | None = None,
    unit: str = 'image',
    note: str = '',
) -> Figure:
    """Draw curves by name, sensitivity in percent over FPs per image.

    A curve that ends early gets a dot there: beyond it nothing is known.

    Args:
        curves: The curves.
        max_fp_rate: Where the axis of FPs ends.
        published: Percent by FPs per image, by name, of what is known at
            single points only; drawn grey.
        unit: Unit of the FP rate: 'image' or 'volume'.
        note: What must be said of the published points, below the axes.
    """
    published = published or {}
    fig = Figure(figsize=(7.2, 5), dpi=150, layout='constrained')
    FigureCanvasAgg(fig)
    ax = fig.add_subplot()
    for curve, (color, dash) in zip(
        curves.values(), cycle(STYLES), strict=False
    ):
        _draw_curve(ax, curve, max_fp_rate, color, dash)
    for percent, marker in zip(
        published.values(), cycle('osD^vPX*<>hp'), strict=False
    ):
        ax.plot(*zip(*sorted(percent.items()), strict=True), marker, ls=':',
                color=GREY, lw=0.8, ms=5, label='published')  # fmt: skip
    ax.set_xlabel(f'false positives per {unit} (average)')
    ax.set_ylabel('sensitivity [%]')
    ax.set_xlim(0, max_fp_rate)
    ax.set_ylim(0, 100)
    ticks = [rate for rate in FP_RATES if rate <= max_fp_rate]
    ax.set_xticks(ticks, [f'{rate:g}' for rate in ticks])
    ax.set_yticks(range(0, 101, 10))
    ax.grid(color='#d9dde2', lw=0.8)
    ax.set_axisbelow(True)
    ax.spines[['top', 'right']].set_visible(False)
    legend = ax.legend(loc='lower right', framealpha=0.95)
    # Set afterwards: as labels, names with a leading underscore are hidden.
    if published and note:
        lines = textwrap.fill(note, 110)
        text = fig.supxlabel(lines, fontsize=7, color=GREY)
        text.set_parse_math(False)
    names = [*curves, *published]
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_parse_math(False)
        text.set_text(name)
    return fig


def plot_froc(
    path: str | os.PathLike,
    curves: Mapping[str, FROCCurve],
    max_fp_rate: float = FP_RATES[-1],
    unit: str = 'image',
) -> None:
    """Write :func:`froc_figure`; the suffix (png, svg, pdf) is the format.

    Raises:
        ValueError: If the suffix is no format of a picture.
    """
    save_figure(froc_figure(curves, max_fp_rate, unit=unit), path)


def _draw_curve(
    ax: Axes,
    curve: FROCCurve,
    max_fp_rate: float,
    color: str,
    dash: str,
) -> None:
    end = min(float(curve.fps_per_image[-1]), max_fp_rate)
    shown = curve.fps_per_image <= end
    x = np.append(curve.fps_per_image[shown], end)
    y = 100 * np.append(curve.sensitivity[shown], sensitivity_at(curve, end))
    ax.plot(x, y, color=color, ls=dash, lw=1.9, label='curve')
    if end < max_fp_rate:
        ax.plot(end, y[-1], 'o', color=color, ms=5, clip_on=False)
