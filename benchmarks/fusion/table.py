"""The table of fused detections in benchmarks/README.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.tables import between
from benchmarks.timing import ROOT
from mmuldor.io.json_files import replacing

README = ROOT / 'benchmarks/README.md'
BEGIN = '<!-- fusion: python benchmarks/fusion/real_detections.py -->'
END = '<!-- end of fusion -->'
_RATES = (0.5, 1, 2, 4, 8)


def table(result: Mapping[str, Any]) -> str:
    """Rows of a result file, and the times."""
    better = result['better']
    head = [
        'test split',
        *map(str, _RATES),
        'mean 0.5-4',
        f'gain over {better}',
    ]
    lines = [
        f'{result["images"]:,} images, {result["lesions"]:,} lesions, '
        f'{result["patients"]:,} patients; sensitivity in % at FPs per image,'
        '\ngain in points with its 95 % interval over patients, for these '
        'trainings.\n',
        '| ' + ' | '.join(head) + ' |',
        '|---|' + '---:|' * (len(head) - 1),
    ]
    lines += [_row(row) for row in result['rows']]
    if 'seconds' in result:
        times = ', '.join(
            f'{method} {seconds:.1f} s'
            for method, seconds in result['seconds'].items()
        )
        lines.append(
            '\nThree detectors with 50 boxes each on 4,817 images, arrays to '
            f'arrays, median ({result["timed_on"]["processor"]}): {times}.'
        )
    return '\n'.join(lines)


def _row(row: Mapping[str, Any]) -> str:
    found = dict(zip(row['fp_rates'], row['sensitivity'], strict=True))
    name = f'`{row["options"]}`' if row.get('options') else row['name']
    cells = [name, *(_percent(found[rate]) for rate in _RATES)]
    cells.append(_percent(row['mean']))
    gain = row['gain']
    cells.append('' if gain is None else _gain(gain))
    return '| ' + ' | '.join(cells) + ' |'


def _gain(gain: Mapping[str, Any]) -> str:
    low, high = (f'{100 * end:+.2f}' for end in gain['mean_interval'])
    return f'{100 * gain["mean"]:+.2f} ({low} to {high})'


def _percent(value: float | None) -> str:
    return '' if value is None else f'{100 * value:.2f}'


def between_marks(text: str, inside: str) -> str:
    """A text with a table between the two marks.

    Raises:
        ValueError: If a mark is missing.
    """
    return between(text, inside, (BEGIN, END), str(README))


def write_table(result: Mapping[str, Any]) -> None:
    """Replace the table of the README."""
    text = between_marks(README.read_text(encoding='utf-8'), table(result))
    with replacing(README) as temporary:
        temporary.write_text(text, encoding='utf-8')
