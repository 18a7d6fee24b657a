"""The benchmark's figure, from its document."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.pretrained_probe.measure import LAYERS
from mmuldor.evaluation.froc_plot import STYLES

_GRID = '#d9dde2'


def probe_figure(document: Mapping) -> Figure:
    """AUC of each row by layer, with intervals and single seeds."""
    fig = Figure(figsize=(10.4, 4.4), dpi=110, layout='constrained')
    FigureCanvasAgg(fig)
    ax = fig.subplots()
    rows = document['rows']
    for index, (name, row) in enumerate(rows.items()):
        color, _ = STYLES[index % len(STYLES)]
        shift = (index - (len(rows) - 1) / 2) * 0.1
        for place, layer in enumerate(LAYERS):
            auc = row[layer]['auc']
            value, (low, high) = auc['value'], auc['interval']
            ax.errorbar(
                place + shift,
                value,
                yerr=[[value - low], [high - value]],
                fmt='s' if name.startswith('turned') else 'o',
                color=color,
                capsize=3,
                label=name if place == 0 else None,
            )
            seeds = row[layer]['seeds']
            if len(seeds) > 1:
                x = [place + shift] * len(seeds)
                ax.plot(x, seeds, '_', color=color, ms=9)
    ax.axhline(0.5, color=_GRID, lw=1.5)
    ax.set_xticks(range(len(LAYERS)), [f'{layer}' for layer in LAYERS])
    ax.set_ylabel('AUC, lesions against other tissue')
    ax.grid(axis='y', color=_GRID, lw=0.8)
    ax.set_axisbelow(True)
    ax.spines[['top', 'right']].set_visible(False)
    fig.legend(fontsize=8, loc='outside right upper')
    return fig
