"""What the benchmarks share: repeats in turn, circumstances, the result file.

A row of a result is what was timed, each kind with its median and spread, and
one figure: a ratio, a share or a time, with the value wanted of it.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from mmuldor.io.json_files import write_json

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'benchmarks/results'
# Made by `make demo`.
DEMO = ROOT / 'work_dirs/demo'
_PACKAGES = ('numpy', 'torch', 'onedl-mmcv', 'onedl-mmdetection')


def make_parser(doc: str, stage: str, repeats: int) -> argparse.ArgumentParser:
    """The arguments that all benchmarks take."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        '--repeats',
        type=int,
        default=repeats,
        help=f'timed rounds (default {repeats})',
    )
    add('--note', default='', help='what else ran on the machine, if anything')
    add(
        '--out',
        type=Path,
        help=f'result file (default benchmarks/results/{stage}.json; on a GPU '
        f'{stage}-cuda.json)',
    )
    return parser


def alternate(
    works: Mapping[str, Callable[[], object]],
    repeats: int,
    prepare: Callable[[], object] = lambda: None,
) -> dict[str, list[float]]:
    """Seconds of every kind of work, in turn, after a round to warm up.

    Args:
        works: By name.
        repeats: Timed rounds.
        prepare: Called before and after each work, untimed before, timed
            after: a GPU's synchronisation.
    """
    seconds = {kind: [] for kind in works}
    rounds = range(repeats + 1)
    quiet = not Console().is_terminal
    for number in track(rounds, 'timing', transient=True, disable=quiet):
        for kind, work in works.items():
            prepare()
            begin = time.perf_counter()
            work()
            prepare()
            if number:
                seconds[kind].append(time.perf_counter() - begin)
    return seconds


def spread(seconds: Sequence[float]) -> dict:
    """Median, 10th and 90th percentile, and the number of repeats."""
    low, middle, high = np.percentile(seconds, (10, 50, 90)).tolist()
    return {
        'median_s': middle,
        'p10_s': low,
        'p90_s': high,
        'repeats': len(seconds),
    }


def row(
    name: str,
    seconds: Mapping[str, Sequence[float]],
    what: str,
    value: float,
    wanted: tuple[str, float] | None = None,
    why: str = '',
) -> dict:
    """A row of a result file.

    Args:
        name: The case.
        seconds: Of every kind.
        what: Names the figure and its unit, like 'times faster'.
        value: The figure.
        wanted: '<=' or '>=' and the value that it should reach.
        why: Why, should it not; left out where it does.
    """
    reached = None
    if wanted is not None:
        sign, limit = wanted
        reached = bool(value >= limit if sign == '>=' else value <= limit)
    return {
        'name': name,
        'kinds': {kind: spread(values) for kind, values in seconds.items()},
        'what': what,
        'value': float(value),
        'wanted': wanted and list(wanted),
        'reached': reached,
        'why': why if reached is False else '',
    }


def times_faster(
    name: str,
    seconds: Mapping[str, Sequence[float]],
    ours: str,
    other: str,
    wanted: float | None = None,
    why: str = '',
) -> dict:
    """A row whose figure is the ratio of two kinds' medians."""
    ratio = float(np.median(seconds[other]) / np.median(seconds[ours]))
    limit = None if wanted is None else ('>=', wanted)
    return row(name, seconds, f'{other} / {ours}', ratio, limit, why)


def circumstances(device: str = 'cpu') -> dict:
    """What figures depend on: command, machine, versions."""
    found = {name: _version(name) for name in _PACKAGES}
    machine = {
        'processor': _processor(),
        'cores': os.cpu_count(),
        'system': platform.system(),
    }
    if 'mmcv' in sys.modules:
        import torch

        from mmuldor.ops import backend

        machine['threads'] = torch.get_num_threads()
        machine['operators'] = backend()
        if device != 'cpu':
            machine['accelerator'] = torch.cuda.get_device_name(device)
    script = Path(sys.argv[0]).name
    return {
        'command': ' '.join([f'python benchmarks/{script}', *_shown()]),
        'device': device.partition(':')[0],
        'machine': machine,
        'versions': {'python': platform.python_version(), **found},
    }


def save(
    args: argparse.Namespace,
    stage: str,
    rows: list[dict],
    device: str = 'cpu',
    **more: object,
) -> None:
    """Write the result file and print its rows."""
    kind = '' if device == 'cpu' else '-cuda'
    out = args.out or RESULTS / f'{stage}{kind}.json'
    result = {
        'stage': stage,
        **circumstances(device),
        'note': args.note,
        **more,
        'rows': rows,
    }
    write_json(out, result, indent=1)
    table = Table('case', 'median', 'figure', 'wanted', title=stage)
    for found in rows:
        table.add_row(
            found['name'], medians(found), shown_value(found), wanted(found)
        )
    Console().print(table)


def medians(found: dict) -> str:
    """The kinds of a row with their medians."""
    return ', '.join(
        f'{kind} {shown_time(spread["median_s"])}'
        for kind, spread in found['kinds'].items()
    )


def shown_value(found: dict) -> str:
    """The figure of a row."""
    return f'{found["value"]:.3g} ({found["what"]})'


def wanted(found: dict) -> str:
    """What was wanted of a row's figure, and whether it was reached."""
    if found['wanted'] is None:
        return ''
    sign, limit = found['wanted']
    return f'{sign} {limit:g}: {"yes" if found["reached"] else "no"}'


def shown_time(seconds: float) -> str:
    """Three digits with a fitting unit."""
    for unit, scale in (('s', 1), ('ms', 1e3)):
        if seconds * scale >= 1:
            return f'{seconds * scale:.3g} {unit}'
    return f'{seconds * 1e6:.3g} us'


def _shown() -> list[str]:
    """The command line without the places of files, which differ."""
    words, skip = [], False
    for word in sys.argv[1:]:
        if skip or word in ('--out', '--note'):
            skip = not skip
        else:
            words.append(word)
    return words


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return 'not found'


def _processor() -> str:
    """The processor's name, of Linux where there is /proc."""
    info = Path('/proc/cpuinfo')
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()
