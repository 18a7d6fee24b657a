"""Write the measured results into README.md and configs/*/.

    python benchmarks/result_tables.py --demo work_dirs/demo   # of `make demo`
    python benchmarks/result_tables.py                         # write again

The first command copies the table and the times of a demo to
benchmarks/results/demo.json. Both commands then write every table between its
marks, and the metrics of the metafiles, from that file and from the phantom
study. Configs that another study has trained are named with its page, by the
records that lie in benchmarks/results.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.tables import between
from mmuldor.io.json_files import read_json, replacing, write_json

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / 'benchmarks/results/demo.json'
STUDY = ROOT / 'benchmarks/results/phantom-study'
BEGIN = '<!-- results: python benchmarks/result_tables.py -->'
END = '<!-- end of results -->'
# Row of the demo's table: its config, and its folder in work_dirs/demo.
DEMO_RUNS = {
    'Mask R-CNN w/o Mask': ('faster-rcnn_r18_fpn_5e_phantom', 'faster_rcnn'),
    'Mask R-CNN': ('mask-rcnn_r18_fpn_5e_phantom', 'mask_rcnn'),
    'Mask R-CNN + HNEM': ('uldor_r18_fpn_hnem-2e_phantom', 'uldor'),
}
# The same model with its false-positive class among the detections.
FP_ROW = 'Mask R-CNN + HNEM + FP'
# Config: rows of the phantom study with every lesion annotated.
STUDY_RUNS = {
    'mask-rcnn_r18_fpn_ohem-5e_phantom': 'mask-ohem',
    'mask-rcnn_r18_fpn_focal-5e_phantom': 'mask-focal',
    'uldor_r18_fpn_hnem-spare-2e_phantom': 'hnem-spare',
}
# Other studies on phantoms of their own: folder of the records, page.
PAGES = {
    'recipe study': ('recipe-study', 'benchmarks/recipe-study.md'),
    'replicated study': ('replicated-study', 'benchmarks/replicated-study.md'),
}
NOT_RUN = 'not run'
RATES = (0.5, 1, 2, 4, 8, 16)
STUDY_LINK = '[phantom study](../../benchmarks/phantom-study.md)'


def read_demo(folder: Path) -> dict:
    """The content of demo.json, from the folder of a finished demo."""
    keys = ('name', 'fp_rates', 'sensitivity', 'mean')
    rows = read_json(folder / 'report/table.json')
    return {
        'command': 'make demo',
        'rows': [{key: row[key] for key in keys} for row in rows],
        'seconds': {
            config: int((folder / run / 'seconds').read_text())
            for config, run in DEMO_RUNS.values()
        },
    }


def measured() -> dict[str, dict]:
    """By config: sensitivities in percent at RATES, mean, time, source."""
    demo = read_json(DEMO)
    rows = {row['name']: row for row in demo['rows']}
    found = {}
    for name, (config, _) in DEMO_RUNS.items():
        found[config] = _entry(
            rows[name],
            'phantom of `make demo`',
            demo['seconds'][config],
            # Trainings run beside each other.
            'one CPU core',
        )
    for config, method in STUDY_RUNS.items():
        pieces = [
            read_json(STUDY / f'{method}_missing-0_seed-{seed}.json')
            for seed in range(3)
        ]
        figures = [piece['figures']['lesion'] for piece in pieces]
        row = {
            'fp_rates': figures[0]['fp_rates'],
            'sensitivity': _means([f['sensitivity'] for f in figures]),
            'mean': sum(f['mean'] for f in figures) / len(figures),
        }
        seconds = [piece['training']['wall_s'] for piece in pieces]
        found[config] = _entry(
            row,
            f'{STUDY_LINK}, mean of 3 trainings',
            # Other programs ran beside some of them.
            min(seconds),
            '2 CPU cores',
        )
    return found


def trained() -> dict[str, str]:
    """By config: the study in PAGES that has trained it, by its records."""
    found: dict[str, str] = {}
    for study, (folder, _) in PAGES.items():
        for path in (ROOT / 'benchmarks/results' / folder).rglob('*.json'):
            config = read_json(path)['config']
            found.setdefault(_same_config(ROOT / config).stem, study)
    return found


def _same_config(path: Path) -> Path:
    """The config that a file of nothing but a ``_base_`` is."""
    if not path.is_file():
        return path
    statements = ast.parse(path.read_text(encoding='utf-8')).body
    if len(statements) != 1 or not isinstance(statements[0], ast.Assign):
        return path
    (target,), value = statements[0].targets, statements[0].value
    if ast.unparse(target) != '_base_' or not isinstance(value, ast.Constant):
        return path
    return path.parent / str(value.value)


def _entry(row: dict, data: str, seconds: float, cores: str) -> dict:
    values = dict(zip(row['fp_rates'], row['sensitivity'], strict=True))
    return {
        'sens': [100 * values[rate] for rate in RATES],
        'mean': 100 * row['mean'],
        'data': data,
        'time': f'{seconds / 60:.1f} min on {cores}',
    }


def _means(lists: list[list[float]]) -> list[float]:
    return [sum(column) / len(column) for column in zip(*lists, strict=True)]


def demo_table() -> str:
    """The table of README.md."""
    rows = read_json(DEMO)['rows']
    rates = [f'{rate:g}' for rate in rows[0]['fp_rates']]
    lines = [_line('', *rates, 'mean 0.5-4'), _rule(len(rates) + 2)]
    for row in rows:
        shares = [*row['sensitivity'], row['mean']]
        lines.append(
            _line(row['name'], *(f'{100 * share:.1f}' for share in shares))
        )
    return '\n'.join(lines)


def folder_table(
    folder: Path, found: dict[str, dict], elsewhere: dict[str, str]
) -> str:
    """The table of a folder of configs; below it what has no row in it.

    Args:
        folder: The folder.
        found: Of `measured`.
        elsewhere: Of `trained`.
    """
    models = yaml.safe_load((folder / 'metafile.yml').read_text())['Models']
    names = [model['Name'] for model in models]
    lines = []
    for name in names:
        if name in found:
            lines += _rows(name, found[name])
    if lines:
        rates = [f'{rate:g}' for rate in RATES]
        head = _line('config', 'data', *rates, 'mean 0.5-4', 'training time')
        lines = [
            'Sensitivity in % at false positives (FPs) per image:',
            '',
            head,
            _rule(len(RATES) + 4),
            *lines,
            '',
        ]
    without = [name for name in names if name not in found]
    for study, (_, page) in PAGES.items():
        named = _listed(n for n in without if elsewhere.get(n) == study)
        if named:
            lines += [
                f'Trained in the [{study}](../../{page}), whose page has the '
                f'results, on phantoms of its own: {named}.',
                '',
            ]
    missing = _listed(name for name in without if name not in elsewhere)
    if missing:
        lines.append(f'Trainings not run so far: {missing}.')
    return '\n'.join(lines).strip()


def _listed(names: Iterable[str]) -> str:
    return ', '.join(f'`{name}`' for name in names)


def _rows(config: str, entry: dict) -> list[str]:
    shares = [f'{share:.1f}' for share in (*entry['sens'], entry['mean'])]
    lines = [_line(config, entry['data'], *shares, entry['time'])]
    if config == DEMO_RUNS['Mask R-CNN + HNEM'][0]:
        rows = {row['name']: row for row in read_json(DEMO)['rows']}
        fp = _entry(rows[FP_ROW], entry['data'], 0, 'one CPU core')
        shares = [f'{share:.1f}' for share in (*fp['sens'], fp['mean'])]
        lines.append(_line('the same, + FP', fp['data'], *shares, ''))
    return lines


def _line(*cells: str) -> str:
    return f'| {" | ".join(cells)} |'.replace('|  |', '| |')


def _rule(columns: int) -> str:
    return '|' + '---|' * columns


def metafile(
    text: str, found: dict[str, dict], elsewhere: dict[str, str]
) -> str:
    """A metafile's text with the metrics and times that were measured.

    Where another study trained a config, its page is named in their place.

    Args:
        text: The metafile.
        found: Of `measured`.
        elsewhere: Of `trained`.
    """
    for name in re.findall(r'- Name: (\S+)\n    In Collection', text):
        study = elsewhere.get(name)
        time = f'see {PAGES[study][1]}' if study else NOT_RUN
        memory, metrics = time, f' {time}'
        if name in found:
            time, memory = found[name]['time'], r'\g<memory>'
            metrics = ''.join(
                f'\n          sens@{rate:g}: {share:.2f}'
                for rate, share in zip(RATES, found[name]['sens'], strict=True)
            )
        text = re.sub(
            rf'(?s)(- Name: {re.escape(name)}\n.*?Training Time: )[^\n]*'
            r'(\n *Training Memory \(GB\): )(?P<memory>[^\n]*)'
            r'(.*?\n        Metrics:).*?(?=\n  - Name: |\s*\Z)',
            rf'\g<1>{time}\g<2>{memory}\g<4>{metrics}',
            text,
        )
    return text


def between_marks(text: str, table: str, name: str) -> str:
    """``text`` with ``table`` between the two marks.

    Raises:
        ValueError: If the marks are not there.
    """
    return between(text, table, (BEGIN, END), name)


def written() -> dict[Path, str]:
    """Every file with results to the text that it must have."""
    found, elsewhere = measured(), trained()
    readme = ROOT / 'README.md'
    files = {readme: between_marks(readme.read_text(), demo_table(), 'README')}
    for path in sorted((ROOT / 'configs').glob('*/metafile.yml')):
        files[path] = metafile(path.read_text(), found, elsewhere)
        page = path.with_name('README.md')
        table = folder_table(path.parent, found, elsewhere)
        files[page] = between_marks(page.read_text(), table, str(page))
    return files


def main(argv: list[str] | None = None) -> None:
    """Copy a demo's results where one is given, and write all tables."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--demo', type=Path, help='folder of a finished `make demo`'
    )
    args = parser.parse_args(argv)
    if args.demo is not None:
        write_json(DEMO, read_demo(args.demo), indent=1)
    for path, text in written().items():
        if path.read_text() != text:
            with replacing(path) as temporary:
                temporary.write_text(text, encoding='utf-8')
            print(f'wrote {path.relative_to(ROOT)}')


if __name__ == '__main__':
    main()
