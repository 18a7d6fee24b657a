"""The benchmark's figure, from its document."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmuldor.evaluation.froc_plot import STYLES

_GRID = '#d9dde2'


def mask_figure(document: Mapping) -> Figure:
    """Dice by shape; where the frame lies; Dice by size and type."""
    fig = Figure(figsize=(13.2, 4.4), dpi=110, layout='constrained')
    FigureCanvasAgg(fig)
    shapes, frame, strata = fig.subplots(1, 3, width_ratios=(1, 0.9, 1.1))
    _draw_shapes(shapes, document['shapes']['rows'])
    _draw_frame(frame, document)
    _draw_strata(strata, document['shapes'])
    for ax in (shapes, frame, strata):
        ax.grid(color=_GRID, lw=0.8)
        ax.set_axisbelow(True)
        ax.spines[['top', 'right']].set_visible(False)
    return fig


def _bar(entry: Mapping, index: int | None = None) -> tuple[float, list]:
    """The value and the lengths of its error bar, (2, 1)."""
    value, (low, high) = entry['value'], entry['interval']
    if index is not None:
        value, low, high = value[index], low[index], high[index]
    return value, [[value - low], [high - value]]


def _draw_shapes(ax: Axes, rows: Mapping) -> None:
    for place, (name, row) in enumerate(rows.items()):
        value, bar = _bar(row['dice'])
        color = STYLES[1 if 'tuned' in name else 0][0]
        ax.errorbar(value, -place, xerr=bar, fmt='o', color=color, capsize=3)
    ax.set_yticks([-place for place in range(len(rows))], list(rows))
    ax.set_xlabel('Dice with the human mask')


def _draw_frame(ax: Axes, document: Mapping) -> None:
    human, edges = document['human'], document['edges'][0]['frame']
    points = {
        'human masks': (_bar(human['dx_px']), _bar(human['dy_px'])),
        'edges in slices': (_bar(edges, 0), _bar(edges, 1)),
    }
    for one in document['published']:
        name = f'detections of {one["name"]}'
        points[name] = (_bar(one['dx_px']), _bar(one['dy_px']))
    for index, (name, ((x, x_bar), (y, y_bar))) in enumerate(points.items()):
        color, _ = STYLES[index % len(STYLES)]
        ax.errorbar(
            x, y, xerr=x_bar, yerr=y_bar, fmt='o', color=color, capsize=3,
            label=name,
        )  # fmt: skip
    ax.plot([0, 0.5, 1], [0, 0.5, 1], 'k+', ms=9, label='0, 0.5 and 1 px')
    ax.invert_yaxis()
    ax.set_xlabel('right of "CSV minus 1" [px]')
    ax.set_ylabel('below "CSV minus 1" [px]')
    ax.legend(fontsize=8)


def _draw_strata(ax: Axes, shapes: Mapping) -> None:
    names = ('quarter ellipses', 'quarter ellipses, tuned')
    for index, name in enumerate(names):
        row, color = shapes['rows'][name], STYLES[index][0]
        for place, stratum in enumerate(shapes['strata']):
            value, bar = _bar(row['strata'][stratum]['dice'])
            ax.errorbar(
                value, -place - 0.25 * index, xerr=bar, fmt='o', color=color,
                capsize=3, label=name if place == 0 else None,
            )  # fmt: skip
    ax.set_yticks(
        [-place for place in range(len(shapes['strata']))],
        [f'{name} ({n})' for name, n in shapes['strata'].items()],
    )
    ax.set_xlabel('Dice with the human mask')
    # A row more, for the legend.
    ax.set_ylim(-len(shapes['strata']) - 0.9, 0.6)
    ax.legend(fontsize=8, loc='lower left', ncols=2)
