"""Run the tests and benchmarks that need a GPU.

    python benchmarks/gpu.py                 like `make gpu`
    python benchmarks/gpu.py --device cpu    a trial with small sizes on a CPU

Takes at most ten minutes. Installs nothing and needs neither network nor a
model: it makes a small phantom and trains on it. Results are written to
`benchmarks/results/*-cuda.json` and into the tables of benchmarks/README.md,
with the name of the GPU; those of a trial are not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.tables import ON_GPU, write_tables
from benchmarks.timing import RESULTS, ROOT
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors

CONFIG = 'configs/mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py'


class Sizes(NamedTuple):
    """Sizes of the phantom, of the training and of the benchmarks."""

    splits: tuple[int, int, int]
    size_px: int
    epochs: int
    images: int
    large_images: int
    slices: int
    repeats: int


SMALL = Sizes((6, 2, 2), 96, 1, 4, 0, 3, 1)
FULL = Sizes((200, 20, 20), 384, 5, 120, 16, 41, 3)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        '--device',
        type=types.device,
        default='cuda:0',
        help="'cuda:0' or 'cpu'",
    )
    add('--minutes', type=types.not_negative, default=10, help='time limit')
    add('--work', type=Path, default=ROOT / 'work_dirs/gpu')
    add('--note', default='', help='what else runs on the machine')
    add('--only', nargs='+', choices=('tests', *ON_GPU))
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Run everything, write the tables, list the results.

    Raises:
        SystemExit: If a job failed or did not run.
    """
    args = parse_args(argv)
    check_device(args.device)
    end = time.monotonic() + 60 * args.minutes
    wanted = args.only or ('tests', *ON_GPU)
    jobs = [job for job in plan(args) if job[0] in ('prepare', *wanted)]
    states = {}
    seconds = dict.fromkeys((name for name, _ in jobs), 0.0)
    for name, words in jobs:
        began = time.monotonic()
        if states.setdefault(name, 'passed') == 'passed':
            states[name] = run(words, args, end)
        seconds[name] += time.monotonic() - began
    if args.device != 'cpu':
        write_tables(ROOT / 'benchmarks/README.md')
        print('wrote benchmarks/README.md')
    for name, state in states.items():
        print(f'{name:12} {seconds[name]:4.0f} s  {state}')
    if set(states.values()) != {'passed'}:
        raise SystemExit('error: not all passed; see above')


def check_device(device: str) -> None:
    """Raise ValueError if the requested GPU does not exist."""
    import torch

    if device == 'cpu':
        return
    if not torch.cuda.is_available():
        raise ValueError(
            f'torch {torch.__version__} sees no GPU. A trial of the script: '
            'make gpu DEVICE=cpu'
        )
    print(f'GPU: {torch.cuda.get_device_name(device)}')


def plan(args: argparse.Namespace) -> list[tuple[str, list[str]]]:
    """The jobs in order: preparation, tests, benchmarks."""
    sizes = SMALL if args.device == 'cpu' else FULL
    data, work = args.work / 'phantom', args.work / 'mask_rcnn'
    model = work / f'epoch_{sizes.epochs}.pth'
    roots = [
        f'{split}_dataloader.dataset.data_root={data}/'
        for split in ('train', 'val', 'test')
    ]
    metrics = [
        f'{split}_evaluator.ann_file={data}/{split}.json'
        for split in ('val', 'test')
    ]
    steps = [
        ('prepare', [
            'data_prep/make_phantom.py', data, '--splits', *sizes.splits,
            '--size', sizes.size_px, '--neighbours', 1, '--overwrite',
        ]),
        ('prepare', [
            'data_prep/deeplesion_to_coco.py', '--csv', data / 'DL_info.csv',
            '--images', data / 'Images_png', '--out', data,
        ]),
        ('prepare', [
            'tools/train.py', CONFIG, '--work-dir', work, '--cfg-options',
            *roots, *metrics, f'train_cfg.max_epochs={sizes.epochs}',
            'train_dataloader.num_workers=0', 'val_dataloader.num_workers=0',
            'default_hooks.checkpoint.max_keep_ckpts=1',
        ]),
        ('tests', [
            '-m', 'pytest', 'tests/gpu', '-q', '-m', 'gpu', '--tb=short',
            *at_once(os.cpu_count() or 1),
        ]),
    ]  # fmt: skip
    return steps + [
        (stage, benchmark(stage, args, sizes, data, model)) for stage in ON_GPU
    ]


def at_once(cores: int) -> list[str]:
    """Arguments of pytest for several processes, where there are cores.

    Five need 85 s on an H200 with 16 cores; what is left of the ten minutes
    goes to the benchmarks.
    """
    if cores < 8 or find_spec('xdist') is None:
        return []
    return ['-n', '5']


def benchmark(
    stage: str, args: argparse.Namespace, sizes: Sizes, data: Path, model: Path
) -> list:
    """The command line of a benchmark."""
    words = [f'benchmarks/stages/bench_{stage}.py', '--device', args.device]
    words += ['--repeats', sizes.repeats, '--note', args.note]
    if args.device == 'cpu':
        words += ['--out', args.work / f'{stage}.json']
    else:
        words += ['--out', RESULTS / f'{stage}-cuda.json']
    if stage != 'training':
        words += ['--checkpoint', model, '--data-root', data]
    if stage in ('mining', 'validation', 'epoch'):
        words += ['--images', sizes.images]
    if stage == 'mining':
        words += ['--large-images', sizes.large_images]
    if stage == 'inference':
        words += ['--slices', sizes.slices, '--config', CONFIG]
    if stage == 'training' and args.device == 'cpu':
        words += ['--batch', 1, '--side', 128]
    return words


def run(words: list, args: argparse.Namespace, end: float) -> str:
    """Run a command until it or the time ends; returns its outcome."""
    left = end - time.monotonic()
    if left < 5:
        return f'not run: {args.minutes:g} minutes are over'
    command = [sys.executable, *map(str, words)]
    print(f'\n== {" ".join(command[1:])}', flush=True)
    hidden = {'CUDA_VISIBLE_DEVICES': ''} if args.device == 'cpu' else {}
    environment = {**os.environ, **hidden, 'MMULDOR_DEVICE': args.device}
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, timeout=left)
    except subprocess.TimeoutExpired:
        return f'cut off: {args.minutes:g} minutes are over'
    return 'passed' if done.returncode == 0 else 'failed'


if __name__ == '__main__':
    with user_errors():
        main()
