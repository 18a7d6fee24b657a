"""Time training on one and on two processes, and compare their banks.

    python benchmarks/stages/bench_processes.py

The demo's HNEM training over some of its images, by `tools/dist_train.sh`,
with one round of mining before it, on the CPU; the kinds alternate. Every
process has one thread; beside them one process with two. The banks must be the
same bytes at equal threads. Timed are the iterations of the epoch.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.models import ULDOR
from benchmarks.rows import row
from benchmarks.timing import DEMO, ROOT, make_parser, save
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors

# Number of processes and threads of each, by kind.
KINDS = {
    '1 process': (1, 1),
    '2 processes': (2, 1),
    '1 process, 2 threads': (1, 2),
}
BATCH = 2
# Iterations that warm up; the first one's time holds the round of mining, too.
SKIPPED = 3


def train(
    work: Path, data: Path, images: int, processes: int, threads: int
) -> list[float]:
    """Seconds of the iterations of an epoch, but for the first ones."""
    options = {
        'load_from': DEMO / 'mask_rcnn/epoch_3.pth',
        'train_dataloader.dataset.indices': images,
        'train_dataloader.dataset.data_root': f'{data}/',
        'train_cfg.max_epochs': 1,
        'train_cfg.val_interval': 9,
        'default_hooks.val_loss': None,
        'default_hooks.early_stopping': None,
        'default_hooks.checkpoint.save_best': None,
        'default_hooks.checkpoint.rule': None,
        'default_hooks.logger.interval': 1,
        # Times of single iterations, not means of the last ones.
        'log_processor.window_size': 1,
        'default_hooks.hnem.num_workers': 0,
        'train_dataloader.batch_size': BATCH,
    }
    words = ['tools/dist_train.sh', str(ULDOR), str(processes)]
    words += ['--work-dir', str(work), '--cfg-options']
    words += [f'{key}={value}' for key, value in options.items()]
    environment = {
        **os.environ,
        'OMP_NUM_THREADS': str(threads),
        'CUDA_VISIBLE_DEVICES': '',
        'MASTER_PORT': str(free_port()),
        'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
    }
    done = subprocess.run(
        words,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f'{" ".join(words)}:\n{done.stdout[-2000:]}')
    (log,) = work.glob('*/vis_data/scalars.json')
    lines = map(json.loads, log.read_text().splitlines())
    times = [line['time'] for line in lines if 'time' in line]
    return times[SKIPPED:]


def free_port() -> int:
    """A free port."""
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        return found.getsockname()[1]


def main() -> None:
    """Run the benchmark from the command line."""
    parser = make_parser(__doc__, 'processes', repeats=2)
    parser.add_argument('--images', type=types.count, default=60)
    parser.add_argument('--data-root', type=Path, default=DEMO / 'phantom')
    args = parser.parse_args()
    seconds = {kind: [] for kind in KINDS}
    banks = {}
    for _ in range(args.repeats):
        for kind in KINDS:
            times, banks[kind] = measure(kind, args)
            seconds[kind] += times
            speed = samples_a_second(kind, times)
            print(f'{kind}: {speed:.2f} samples/s', flush=True)
        if banks['1 process'] != banks['2 processes']:
            raise AssertionError('two processes mined other examples than one')
    speeds = {kind: samples_a_second(kind, seconds[kind]) for kind in KINDS}
    rows = [
        row(f'{args.images} images, {kind}', {kind: times}, 'samples/s', speed)
        for (kind, times), speed in zip(
            seconds.items(), speeds.values(), strict=True
        )
    ]
    ratio = speeds['2 processes'] / speeds['1 process']
    rows.append(row('2 processes over 1, one thread each', {}, 'times', ratio))
    counts = json.loads(banks['1 process'])['counts']
    save(args, 'processes', rows, banks_equal=True, counts=counts)


def measure(kind: str, args: argparse.Namespace) -> tuple[list[float], bytes]:
    """Seconds of the iterations, and the bank mined before them."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / 'run'
        times = train(work, args.data_root, args.images, *KINDS[kind])
        return times, (work / 'hard_negatives/initial.json').read_bytes()


def samples_a_second(kind: str, times: list[float]) -> float:
    """Images a second of all processes together."""
    return KINDS[kind][0] * BATCH / float(np.median(times))


if __name__ == '__main__':
    with user_errors():
        main()
