"""Timing and result files that all benchmarks share."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.rows import median_text, target_text, value_text
from mmuldor.cli import types
from mmuldor.io.json_files import write_json

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'benchmarks/results'
# Output folder of `make demo`.
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
        type=types.count,
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
    """Time several kinds of work alternately, after a warm-up round.

    Alternating spreads the noise of the machine evenly over the kinds.

    Args:
        works: Functions by name.
        repeats: Timed rounds.
        prepare: Called before each function, untimed, and after it, timed:
            the synchronisation of a GPU.

    Returns:
        Seconds of each round by name.
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


def circumstances(device: str = 'cpu') -> dict:
    """Conditions of a measurement: command, machine, versions."""
    versions = {name: _version(name) for name in _PACKAGES}
    machine = {
        'processor': processor(),
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
    script = Path(sys.argv[0]).resolve().relative_to(ROOT)
    return {
        'command': ' '.join([f'python {script}', *_shown()]),
        'device': device.partition(':')[0],
        'machine': machine,
        'versions': {'python': platform.python_version(), **versions},
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
    for entry in rows:
        table.add_row(
            entry['name'],
            median_text(entry),
            value_text(entry),
            target_text(entry),
        )
    Console().print(table)


def _shown() -> list[str]:
    """The command line without places and `--note`."""
    words, skip = [], False
    for word in sys.argv[1:]:
        if skip or word in ('--out', '--data', '--note'):
            skip = not skip
        else:
            words.append(word)
    return words


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return 'not found'


def processor() -> str:
    """The processor's name, from /proc/cpuinfo on Linux."""
    info = Path('/proc/cpuinfo')
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()
