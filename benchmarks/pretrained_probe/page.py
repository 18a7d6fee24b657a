"""The benchmark's page, from its document."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.human_masks.page import cell, table
from benchmarks.pretrained_probe.measure import ARMS, LAYERS, PENALTIES
from benchmarks.pretrained_probe.texts import (
    FIGURE_NOTE,
    INTRODUCTION,
    METHOD,
    PENALTY_NOTE,
    SHORT,
)

FIGURE = 'pretrained-probe.png'


def page(document: Mapping) -> str:
    """The page as Markdown."""
    facts = {**document['data'], 'weights': document['weights']}
    parts = [
        INTRODUCTION.format(**facts),
        SHORT.format(**_short(document)),
        _aucs(document['rows']),
        'Differences of the AUC:',
        _differences(document['differences']),
        f'![AUC by layer]({FIGURE})',
        FIGURE_NOTE,
        METHOD.format(**facts),
        PENALTY_NOTE,
        _penalties(document['rows']),
    ]
    return '\n\n'.join(part.strip() for part in parts) + '\n'


def _short(document: Mapping) -> dict[str, str]:
    """Layer 2 of the first two rows, and their difference."""
    (first, second), layer = [arm.name for arm in ARMS[:2]], LAYERS[1]
    rows, difference = document['rows'], document['differences'][0]
    return {
        'pretrained': cell(rows[first][layer]['auc'], '.2f'),
        'random': cell(rows[second][layer]['auc'], '.2f'),
        'difference': cell(difference[layer], '+.2f'),
    }


def _aucs(rows: Mapping) -> str:
    body = []
    for name, row in rows.items():
        cells = [name]
        for layer in LAYERS:
            text, seeds = cell(row[layer]['auc'], '.2f'), row[layer]['seeds']
            if len(seeds) > 1:
                text += f'; seeds {min(seeds):.2f} to {max(seeds):.2f}'
            cells.append(text)
        body.append(cells)
    left = [arm.name for arm in ARMS if arm.name not in rows]
    body += [[name, *['not run'] * len(LAYERS)] for name in left]
    return table(['AUC', *LAYERS], body)


def _differences(rows: list) -> str:
    body = [
        [
            f'{row["first"]} - {row["second"]}',
            *(cell(row[layer], '+.2f') for layer in LAYERS),
        ]
        for row in rows
    ]
    return table(['first - second', *LAYERS], body)


def _penalties(rows: Mapping) -> str:
    names = [f'{penalty:g}' for penalty in PENALTIES]
    body = [
        [
            f'{name}: {layer}',
            *(f'{row[layer]["penalties"][key]:.2f}' for key in names),
        ]
        for name, row in rows.items()
        for layer in LAYERS
    ]
    return table(['row: layer', *names], body)
