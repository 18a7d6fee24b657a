"""The tables of benchmarks/README.md, from the result files."""

from __future__ import annotations

from pathlib import Path

from benchmarks.rows import median_text
from benchmarks.timing import RESULTS
from mmuldor.io.json_files import read_json, replacing

# Heading of each stage.
STAGES = {
    'setup': 'Set-up',
    'store': 'Loader',
    'masks': 'Pseudo masks',
    'mining': 'HNEM',
    'validation': 'Validation',
    'froc': 'FROC',
    'training': 'Training',
    'inference': 'Inference on a volume',
    'volumes': 'Volumes with air around the body',
    'processes': 'Processes',
    'epoch': 'Where the time of an epoch goes',
    'ops': 'Operators',
}
# Needs a C++ compiler, hence only on request.
ON_REQUEST = ('ops',)
# Those that run on a GPU, too.
ON_GPU = ('mining', 'validation', 'training', 'inference', 'epoch')
BEGIN, END = '<!-- tables: make bench -->', '<!-- end of tables -->'
_HEAD = '| case | median | figure | wanted | reached |\n|---|---|---:|---|---|'


def write_tables(readme: Path) -> None:
    """Replace the text between the two marks.

    Raises:
        ValueError: If a mark is missing.
    """
    old = readme.read_text(encoding='utf-8')
    text = between(old, tables().rstrip('\n'), (BEGIN, END), str(readme))
    with replacing(readme) as temporary:
        temporary.write_text(text, encoding='utf-8')


def between(text: str, inside: str, marks: tuple[str, str], name: str) -> str:
    """A text with another one between its two marks.

    Args:
        text: The whole.
        inside: What goes between the marks, without empty lines around it.
        marks: The line before and the line after it.
        name: What the text is called, for messages.

    Raises:
        ValueError: If a mark is missing.
    """
    before, begin, rest = text.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not begin or not end:
        raise ValueError(f'{name} must hold {marks[0]!r} and {marks[1]!r}.')
    return f'{before}{begin}\n\n{inside}\n\n{end}{after}'


def tables() -> str:
    """A section for each stage on CPU and GPU; "not run" without a file."""
    parts = []
    for stage, heading in STAGES.items():
        parts.append(f'### {heading}\n')
        for suffix, device in (('', 'CPU'), ('-cuda', 'GPU')):
            path = RESULTS / f'{stage}{suffix}.json'
            if path.is_file():
                parts.append(section(read_json(path)))
            elif suffix == '' or stage in ON_GPU:
                parts.append(f'{device}: not run.\n')
    return '\n'.join(parts)


def section(result: dict) -> str:
    """The circumstances of a result file, and its rows."""
    machine = result['machine']
    where = [machine['processor'], f'{machine["cores"]} cores']
    where += [
        machine[key] for key in ('accelerator', 'operators') if key in machine
    ]
    where += [f'data: {result["data"]}'] if 'data' in result else []
    where += [result['note']] if result['note'] else []
    lines = [f'`{result["command"]}` ({", ".join(where)})\n', _HEAD]
    lines += map(line, result['rows'])
    if 'operators' in result:
        shares = [
            f'`{entry["operator"]}` {100 * entry["share"]:.0f} %'
            for entry in result['operators']
        ]
        lines.append(f'\nOperators by their own time: {", ".join(shares)}.')
    return '\n'.join(lines) + '\n'


def line(entry: dict) -> str:
    """A row of a table, with the reason if it misses its target."""
    target = entry['wanted']
    cells = [
        entry['name'],
        median_text(entry),
        f'**{entry["value"]:.3g}** {entry["what"]}',
        '' if target is None else f'{target[0]} {target[1]:g}',
        {None: '', True: 'yes', False: 'no'}[entry['reached']],
    ]
    if entry['why']:
        cells[-1] += f': {entry["why"]}'
    return '| ' + ' | '.join(cells) + ' |'
