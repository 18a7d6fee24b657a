"""A comparison as Markdown and LaTeX, in the form of ULDor's Table 1."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence

from mmuldor.evaluation.comparison.cautions import LEAST_MISSED
from mmuldor.evaluation.comparison.published import Published
from mmuldor.evaluation.comparison.sentences import (
    METHODS,
    p_text,
    primary_sentences,
    seeds_text,
    what_differs,
)
from mmuldor.io.markdown import markdown_cell

_MEAN = 'mean 0.5-4'
# Of an interval in a table; that of a difference has signs.
_ENDS, _SIGNED_ENDS = '({low}-{high})', '({low} to {high})'


def markdown(
    comparison: dict, published: Sequence[Published], note: str = ''
) -> str:
    """The whole comparison as Markdown: sensitivities in percent.

    Args:
        comparison: From :func:`mmuldor.evaluation.comparison.compare.compare`.
        published: Rows of the literature, set above ours.
        note: What must be said of them, or of their absence.
    """
    settings = comparison['settings']
    rates = settings['fp_rates']
    head = ['Method', *(f'{rate:g}' for rate in rates), _MEAN]
    parts = [
        _units(comparison),
        _table([*head, 'maximum'], _with_maximum(comparison, published)),
    ]
    if comparison['differences']:
        parts += [
            what_differs(comparison),
            _table(
                head,
                [_difference_cells(d) for d in comparison['differences']],
            ),
        ]
    sentences = primary_sentences(comparison['differences'])
    parts += map(markdown_cell, sentences)
    parts += [
        f'Warning: {markdown_cell(text)}' for text in comparison['warnings']
    ]
    if comparison['strata']:
        parts += [
            'By lesion size, slice interval and lesion type, at '
            f'{settings["stratum_fps"]:g} FPs per image; without an interval '
            f'where fewer than {LEAST_MISSED} lesions are missed:',
            _table(*_strata_rows(comparison)),
        ]
    if published or note:
        parts.append(_note(comparison, published, note))
    return '\n\n'.join(parts) + '\n'


def _units(comparison: dict) -> str:
    """What the figures and their intervals are."""
    settings = comparison['settings']
    several = any(row['runs'] > 1 for row in comparison['rows'])
    seeds = f'; of several runs, {METHODS}' if several else ''
    ended = any(
        None in [*row['sensitivity'], row['mean']]
        for row in comparison['rows']
    )
    blank = ' Blank: at or beyond the end of a curve.' if ended else ''
    return (
        'Sensitivity in % at false positives (FPs) per image, '
        f'{100 * settings["level"]:g} % intervals: '
        f'{settings["num_resamples"]:,} resamples of '
        f'{comparison["patients"]:,} {comparison["unit"]} '
        f'({comparison["images"]:,} images, {comparison["lesions"]:,} '
        f'lesions){seeds}.{blank}'
    )


def _note(comparison: dict, published: Sequence[Published], note: str) -> str:
    """What is to be known of the published rows, with their sources."""
    rates = comparison['settings']['fp_rates']
    note = note or (
        "Published rows are of DeepLesion's official test split and "
        'comparable only with rows of the same images.'
    )
    if any(row.blank_at(rates) for row in published):
        note += ' Blanks in them were not published.'
    sources = '; '.join(f'{row.title}: {row.source}' for row in published)
    return f'{note} {sources}.' if sources else note


def latex(
    comparison: dict, published: Sequence[Published], note: str = ''
) -> str:
    """The main table as a LaTeX ``tabular`` (needs booktabs).

    Its last rows are the units and what must be said of published rows.
    Takes what :func:`markdown` takes.
    """
    rates = comparison['settings']['fp_rates']
    columns = len(rates) + 1
    head = ['Method', *(f'{rate:g}' for rate in rates), _MEAN]
    body = _body(comparison, published)
    lines = [
        f'\\begin{{tabular}}{{l{"c" * columns}}}',
        '\\toprule',
        f' & \\multicolumn{{{columns}}}{{c}}'
        '{Sensitivity in \\% at FPs per image} \\\\',
        _latex_row(head),
        '\\midrule',
    ]
    for index, row in enumerate(body):
        if index == len(published) > 0:
            lines.append('\\midrule')
        lines.append(_latex_row(row))
    below = [
        _units(comparison),
        *([_note(comparison, published, note)] * bool(published)),
    ]
    # Rows, not a paragraph below: a box that scales the table takes them.
    width = max(
        60, sum(max(map(len, column)) for column in zip(*body, strict=True))
    )
    lines += [
        '\\bottomrule',
        *(
            f'\\multicolumn{{{columns + 1}}}{{l}}'
            f'{{\\footnotesize {_escape(line)}}} \\\\'
            for text in below
            for line in textwrap.wrap(text, width, break_on_hyphens=False)
        ),
        '\\end{tabular}',
    ]
    return '\n'.join(lines) + '\n'


def _latex_row(cells: Sequence[str]) -> str:
    return ' & '.join(map(_escape, cells)) + ' \\\\'


def _body(
    comparison: dict,
    published: Sequence[Published],
) -> list[list[str]]:
    rates = comparison['settings']['fp_rates']
    rows = [
        [
            row.title,
            *(_percent(row.percent.get(rate)) for rate in rates),
            _percent(row.mean),
        ]
        for row in published
    ]
    for row in comparison['rows']:
        name = row['name']
        if row['runs'] > 1:
            name += f' ({row["runs"]} runs)'
        rows.append([name, *_cells(row, _ENDS)])
    return rows


def _with_maximum(
    comparison: dict, published: Sequence[Published]
) -> list[list[str]]:
    """The body with the maximum sensitivity and its FPs per image."""
    maxima = [''] * len(published)
    for row in comparison['rows']:
        percent, fps = 100 * row['max_sensitivity'], row['fps_at_max']
        maxima.append(f'{percent:.1f} at {fps:.1f}')
    body = _body(comparison, published)
    return [[*row, cell] for row, cell in zip(body, maxima, strict=True)]


def _cells(entry: dict, form: str, sign: str = '') -> list[str]:
    values = [*entry['sensitivity'], entry['mean']]
    intervals = [*entry['interval'], entry['mean_interval']]
    return [
        figure_text(value, ends, form, sign)
        for value, ends in zip(values, intervals, strict=True)
    ]


def figure_text(
    value: float | None,
    ends: Sequence[float | None],
    form: str = _ENDS,
    sign: str = '',
) -> str:
    """A figure in percent with its interval, the same in every output.

    Args:
        value: A fraction; None where it is undefined.
        ends: Of its interval, likewise.
        form: Of the interval.
        sign: '+' for differences.
    """
    if value is None:
        return ''
    text = f'{100 * value:{sign}.1f}'
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return text
    low, high = (f'{100 * end:{sign}.1f}' for end in known)
    return f'{text} {form.format(low=low, high=high)}'


def _difference_cells(entry: dict) -> list[str]:
    *cells, mean = _cells(entry, _SIGNED_ENDS, '+')
    if entry['p_holm'] is not None:
        ends = entry['holm_interval']
        mean = figure_text(entry['mean'], ends, _SIGNED_ENDS, '+')
        mean += f', p {p_text(entry["p_holm"])}'
    name = f'{entry["second"]} - {entry["first"]} ({seeds_text(entry)})'
    return [name, *cells, mean]


def _strata_rows(comparison: dict) -> tuple[list[str], list[list[str]]]:
    names = [row['name'] for row in comparison['rows']]
    body = []
    for stratum, count in comparison['strata'].items():
        cells = [
            _stratum_cell(row['strata'][stratum], count)
            for row in comparison['rows']
        ]
        body.append([stratum, f'{count:,}', *cells])
    return ['Lesions', 'number', *names], body


def _stratum_cell(entry: dict, count: int) -> str:
    """A figure of `count` lesions, with its interval where that holds."""
    value, ends = entry['sensitivity'], entry['interval']
    # Where nearly all are found, resamples hardly vary: 100 (100-100).
    if value is not None and count * (1 - value) < LEAST_MISSED:
        ends = [None, None]
    return figure_text(value, ends)


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [
        '| ' + ' | '.join(map(markdown_cell, head)) + ' |',
        '|---|' + '---:|' * (len(head) - 1),
    ]
    lines += [
        '| ' + ' | '.join(map(markdown_cell, row)) + ' |' for row in body
    ]
    return '\n'.join(lines)


def _percent(value: float | None) -> str:
    return '' if value is None else f'{value:.2f}'


_SPECIAL: dict[str, str] = {
    '\\': '\\textbackslash{}',
    **{sign: f'\\{sign}' for sign in '&%$#_{}'},
    '~': '\\textasciitilde{}',
    '^': '\\textasciicircum{}',
    '<': '$<$',
    '>': '$>$',
    '|': '$|$',
    # At the start of a row it would be an argument of the line break.
    '[': '{[}',
    '*': '{*}',
    '≥': r'\ensuremath{\geq}',
    '≤': r'\ensuremath{\leq}',
    '→': r'\ensuremath{\rightarrow}',
}


def _escape(text: str) -> str:
    return ''.join(map(_in_latex, ' '.join(text.split())))


def _in_latex(sign: str) -> str:
    """Greek, which names of settings have, is known in formulas alone."""
    words = unicodedata.name(sign, '').lower().split()
    if words[:3] == ['greek', 'small', 'letter'] and len(words) == 4:
        # Unicode writes lambda without its b.
        return f'\\ensuremath{{\\{words[3].replace("lamda", "lambda")}}}'
    return _SPECIAL.get(sign, sign)
