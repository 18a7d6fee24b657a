"""The table of sensitivities as Markdown and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from mmuldor.functional.froc import MEAN_FP_RATES
from mmuldor.io.markdown import markdown_cell

COLUMNS_AFTER = ('mean 0.5 to 4', 'maximum', 'at FPs')
# Stands above the rates in HTML.
GROUP = 'sensitivity [%] at false positives per image'


def _head(rows: Sequence[dict]) -> list[str]:
    rates = [f'{rate:g}' for rate in rows[0]['fp_rates']]
    return ['Method', *rates, *COLUMNS_AFTER]


def _figures(row: dict) -> list[str]:
    """Cells of a row after its name; sensitivities in percent.

    Blank at and beyond the end of the curve, as in a comparison.
    """
    rates = [*row['fp_rates'], max(MEAN_FP_RATES)]
    shares = [*row['sensitivity'], row['mean']]
    cells = [
        f'{100 * share:.2f}' if rate < row['fps_at_end'] else ''
        for rate, share in zip(rates, shares, strict=True)
    ]
    maximum = f'{100 * row["max_sensitivity"]:.2f}'
    return [*cells, maximum, f'{row["fps_at_max"]:.2f}']


def _best(rows: Sequence[dict]) -> list[str | None]:
    """The highest cell of each column; None for the FP rate at the end."""
    columns = list(zip(*map(_figures, rows), strict=True))
    best = [
        max(filter(None, column), key=float, default=None)
        for column in columns[:-1]
    ]
    return [*best, None] if len(rows) > 1 else [None] * len(columns)


def markdown_table(rows: Sequence[dict]) -> str:
    """A Markdown table; the highest figure of a column is bold.

    Args:
        rows: As in ``table.json``: ``name``, ``fp_rates``, ``sensitivity``,
            ``mean``, ``max_sensitivity``, ``fps_at_max``, ``fps_at_end``.
    """
    head, best = _head(rows), _best(rows)
    lines = ['| ' + ' | '.join(head) + ' |']
    lines.append('|---|' + '---:|' * (len(head) - 1))
    for row in rows:
        cells = [
            f'**{cell}**' if cell == top else cell
            for cell, top in zip(_figures(row), best, strict=True)
        ]
        name = markdown_cell(row['name'])
        lines.append('| ' + ' | '.join([name, *cells]) + ' |')
    return '\n'.join(lines) + '\n'


def html_table(rows: Sequence[dict]) -> str:
    """The same as an HTML table; every text is escaped."""
    head, best = _head(rows), _best(rows)
    span = len(head) - 1 - len(COLUMNS_AFTER)
    cells = ''.join(f'<th scope="col">{escape(text)}</th>' for text in head)
    lines = [
        f'<table><thead><tr class="group"><th></th><th colspan="{span}">'
        f'{escape(GROUP)}</th><th colspan="{len(COLUMNS_AFTER)}"></th></tr>',
        f'<tr>{cells}</tr></thead><tbody>',
    ]
    for row in rows:
        figures = ''.join(
            f'<td class="best">{cell}</td>'
            if cell == top
            else f'<td>{cell}</td>'
            for cell, top in zip(_figures(row), best, strict=True)
        )
        name = f'<th scope="row">{escape(row["name"])}</th>'
        lines.append(f'<tr>{name}{figures}</tr>')
    return '\n'.join([*lines, '</tbody></table>'])
