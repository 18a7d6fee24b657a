"""The report of a run: JSON, and Markdown with a table of survivors."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.mutants.changes import Change
from tests.mutants.equivalent import Key
from tests.mutants.verdicts import KILLED, OPEN


def summarize(
    verdicts: dict[str, str],
    survivors: list[Change],
    equivalent: dict[Key, str],
    seed: int,
) -> dict[str, Any]:
    """The report as JSON.

    Args:
        verdicts: Of the sample, by name.
        survivors: What each mutant changes that was not killed.
        equivalent: From `load_equivalent`.
        seed: Of the sample.
    """
    counts = Counter(verdicts.values())
    killed = sum(counts[status] for status in KILLED)
    tried = len(verdicts) - sum(counts[status] for status in OPEN)
    rows = [
        {
            'mutant': change.name,
            'status': verdicts[change.name],
            'file': change.file,
            'line': change.line,
            'function': change.function,
            'before': change.before,
            'after': change.after,
            'reason': equivalent.get(change.key, ''),
        }
        for change in sorted(survivors, key=lambda c: (c.file, c.line, c.name))
    ]
    return {
        'seed': seed,
        'sample': len(verdicts),
        'tried': tried,
        'killed': killed,
        'killed_share': killed / tried if tried else None,
        'equivalent': sum(1 for row in rows if row['reason']),
        'counts': dict(sorted(counts.items())),
        'files': _per_file(verdicts),
        'survivors': rows,
    }


def _per_file(verdicts: dict[str, str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for name, status in sorted(verdicts.items()):
        if status not in OPEN:
            file = name.rpartition('.')[0].replace('.', '/') + '.py'
            row = found.setdefault(file, {'tried': 0, 'killed': 0})
            row['tried'] += 1
            row['killed'] += status in KILLED
    return found


def as_text(report: dict[str, Any]) -> str:
    """The figures in one or two sentences."""
    if not report['tried']:
        return f'No mutant of {report["sample"]} has been tried.'
    return (
        f'{report["killed"]} of {report["tried"]} mutants killed '
        f'({100 * report["killed_share"]:.1f} %); the sample has '
        f'{report["sample"]} (seed {report["seed"]}). Of the '
        f'{len(report["survivors"])} survivors, {report["equivalent"]} are '
        'known to be equivalent.'
    )


def as_markdown(report: dict[str, Any]) -> str:
    """The report as a page."""
    lines = ['# Mutants', '', as_text(report), '']
    lines += ['| file | tried | killed |', '|---|---|---|']
    lines += [
        f'| {file} | {row["tried"]} | {row["killed"]} |'
        for file, row in report['files'].items()
    ]
    lines += ['', '## Survivors', '']
    lines += ['| line | function | before | after | reason |']
    lines += ['|---|---|---|---|---|']
    for row in report['survivors']:
        status = '' if row['status'] == 'survived' else f'{row["status"]}. '
        cells = (
            f'{row["file"]}:{row["line"]}',
            f'`{row["function"]}`',
            *(_code(row['before']), _code(row['after'])),
            status + row['reason'],
        )
        lines.append(f'| {" | ".join(cells)} |')
    return '\n'.join([*lines, ''])


def _code(text: str) -> str:
    # A | ends a cell of a Markdown table even within backticks.
    return f'`` {text} ``'.replace('|', '\\|') if text else '(nothing)'
