"""The benchmark's page, from its document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.human_masks.texts import (
    AGREEMENT_NOTE,
    CONCLUSION,
    DISPLAY_NOTE,
    EDGES_NOTE,
    FIGURE_NOTE,
    FRAME_NOTE,
    INTRODUCTION,
    OFFICIAL_NOTE,
    PUBLISHED_NOTE,
    RECIST_NOTE,
    STRATA_NOTE,
    TUNING_NOTE,
)

FIGURE = 'human-masks.png'
STRATA_ROWS = (
    *('quarter ellipses', 'ellipse', 'quadrilateral', 'box'),
    'quarter ellipses, tuned',
)


def page(document: Mapping) -> str:
    """The page as Markdown."""
    parts = [
        INTRODUCTION.format(**document['data']),
        CONCLUSION.format(**_conclusion(document)),
        f'![Dice by shape, where the frame lies, Dice by group]({FIGURE})',
        FIGURE_NOTE,
        '## Agreement with human masks',
        AGREEMENT_NOTE,
        _agreement(document['shapes']['rows']),
        RECIST_NOTE,
        _recist(document),
        '## By size and type',
        STRATA_NOTE,
        _strata(document['shapes']),
        '## Offset and growth, tuned on other patients',
        TUNING_NOTE.format(folds=document['tuning']['folds']),
        _tuning(document['tuning']['shapes']),
        _two_offsets(document['tuning']['shapes']),
        OFFICIAL_NOTE,
        _official(document['tuning']['shapes']),
        '## Which frame is it',
        FRAME_NOTE,
        _frame(document),
        EDGES_NOTE,
        _edges(document['edges']),
        DISPLAY_NOTE.format(**_display(document['display'])),
        '## Published detections in moved frames',
        PUBLISHED_NOTE,
        _published(document['published']),
    ]
    return '\n\n'.join(part.strip() for part in parts) + '\n'


def _conclusion(document: Mapping) -> dict[str, str]:
    found = document['tuning']['shapes']['quarter_ellipses']
    human, edges = document['human'], document['edges'][0]['frame']
    rows = document['shapes']['rows']
    both, best = found['offset, growth'], found['offset, growth']['on_all']
    return {
        'paper': cell(found['paper']['held_out_dice']),
        'tuned': cell(both['held_out_dice']),
        'gain': cell(both['minus_paper'], '+.3f'),
        'ellipse': cell(rows['ellipse']['dice_minus_first'], '+.3f'),
        'box': cell(rows['box']['dice_minus_first'], '+.3f'),
        'right': cell(human['dx_px'], '.2f'),
        'down': cell(human['dy_px'], '.2f'),
        'mean': cell(human['mean_px'], '.2f'),
        'edge_right': cell(edges, '.2f', 0),
        'edge_down': cell(edges, '.2f', 1),
        'edge_mean': cell(edges, '.2f', 2),
        'edge_growth': cell(edges, '.2f', 3),
        'growth': cell(human['growth_px'], '.2f'),
        'offset_px': '({:g}, {:g})'.format(*best['offset_px']),
        'grow_px': f'{best["grow_px"]:g}',
    }


def cell(entry: Mapping, form: str = '.3f', index: int | None = None) -> str:
    """A value with its interval."""
    value, (low, high) = entry['value'], entry['interval']
    if index is not None:
        value, low, high = value[index], low[index], high[index]
    return f'{value:{form}} ({low:{form}} to {high:{form}})'


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column is text."""
    lines = [_line(head), '|---|' + '---:|' * (len(head) - 1)]
    return '\n'.join([*lines, *map(_line, body)])


def _line(cells: Sequence[str]) -> str:
    return f'| {" | ".join(cells)} |'


def _agreement(rows: Mapping) -> str:
    head = ['mask', 'Dice', 'minus the paper', 'area ratio', 'mean mm']
    body = [
        [
            name,
            cell(row['dice']),
            cell(row['dice_minus_first'], '+.3f'),
            cell(row['area_ratio'], '.2f'),
            *(cell(row[key], '.2f') for key in ('mean_mm', 'mean_px')),
            *(cell(row[key], '.2f') for key in ('hd95_mm', 'hd95_px')),
        ]
        for name, row in rows.items()
    ]
    return table([*head, 'mean px', '95 % mm', '95 % px'], body)


def _recist(document: Mapping) -> str:
    rows = {'human masks': document['human'], **document['shapes']['rows']}
    body = [
        [name, cell(row['long_mm'], '+.2f'), cell(row['short_mm'], '+.2f')]
        for name, row in rows.items()
    ]
    return table(['mask', 'long, mm', 'short, mm'], body)


def _strata(shapes: Mapping) -> str:
    shown = {
        name: row['strata']
        for name, row in shapes['rows'].items()
        if name in STRATA_ROWS
    }
    body = [
        [
            stratum,
            str(count),
            *(cell(v[stratum]['dice']) for v in shown.values()),
        ]
        for stratum, count in shapes['strata'].items()
    ]
    return table(['lesions', 'number', *shown], body)


def _tuning(shapes: Mapping) -> str:
    body = []
    for shape, families in shapes.items():
        for family, found in families.items():
            if family == 'paper' or 'held_out_dice' not in found:
                continue
            best = found['on_all']
            body.append(
                [
                    f'{shape.replace("_", " ")}: {family}',
                    cell(found['held_out_dice']),
                    cell(found['minus_paper'], '+.3f'),
                    str(len(found['chosen'])),
                    '{:g}, {:g}'.format(*best['offset_px']),
                    f'{best["grow_px"]:g}',
                    f'{best["dice_on_all"]:.3f}',
                ]
            )
    head = ['shape: tuned', 'held-out Dice', 'minus the same shape untuned']
    head += ['settings chosen', 'offset on all', 'growth on all']
    return table([*head, 'Dice on all'], body)


def _two_offsets(shapes: Mapping) -> str:
    gained = cell(shapes['quarter_ellipses']['two_offsets_minus_one'], '+.4f')
    return (
        'Quarter ellipses, an offset of its own for x and y against one '
        f'offset for both, held-out Dice: {gained}.'
    )


def _official(shapes: Mapping) -> str:
    body = []
    for shape, families in shapes.items():
        found = families['official_split']
        x, y, grow = found['setting']
        body.append(
            [
                shape.replace('_', ' '),
                str(found['tested_on']),
                cell(found['paper']),
                cell(found['dice']),
                cell(found['minus_paper'], '+.3f'),
                f'{x:g}, {y:g}; {grow:g}',
            ]
        )
    head = ['shape', 'test lesions', 'Dice untuned', 'Dice tuned']
    return table([*head, 'difference', 'offset; growth'], body)


def _frame(document: Mapping) -> str:
    human, edges = document['human'], document['edges'][0]['frame']
    keys = ('dx_px', 'dy_px', 'mean_px', 'growth_px')
    body = [
        ['human masks', *(cell(human[key], '+.2f') for key in keys)],
        ['edges in slices', *(cell(edges, '+.2f', i) for i in range(4))],
    ]
    return table(['seen in', 'right', 'down', 'mean of both', 'growth'], body)


def _edges(found: Sequence[Mapping]) -> str:
    body = [
        [
            f'{entry["sigma_px"]:g}, {entry["reach_px"]:g}',
            *(cell(entry['frame'], '+.2f', i) for i in range(4)),
        ]
        for entry in found
    ]
    head = ['smoothing, reach, px', 'right', 'down', 'mean of both']
    return table([*head, 'growth'], body)


def _display(found: Mapping) -> dict[str, str]:
    return {
        'pixels': f'{found["display_pixels"]}',
        'step': f'{found["step_px"]:.3f}',
        'x': cell(found['x']['remainder_px'], '+.3f'),
        'y': cell(found['y']['remainder_px'], '+.3f'),
        'z_x': f'{found["x"]["z"]:.1f}',
        'z_y': f'{found["y"]["z"]:.1f}',
        'one': f'{found["remainder_plus_1_px"]:+.3f}',
        'half': f'{found["remainder_plus_half_px"]:+.3f}',
    }


def _published(found: Sequence[Mapping]) -> str:
    shifts = [
        '{:g}, {:g}'.format(*row['shift_px']) for row in found[0]['froc']
    ]
    means = table(
        ['mean 0.5-4, boxes moved by', *shifts],
        [
            [one['name'], *(f'{100 * row["mean"]:.2f}' for row in one['froc'])]
            for one in found
        ],
    )
    hits = table(
        ['hits minus boxes, px', 'right', 'down', 'hits'],
        [
            [
                one['name'],
                cell(one['dx_px'], '+.2f'),
                cell(one['dy_px'], '+.2f'),
                f'{one["hits"]:,}',
            ]
            for one in found
        ],
    )
    return f'{means}\n\n{hits}'
