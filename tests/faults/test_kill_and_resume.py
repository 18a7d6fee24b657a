"""A training that is killed again and again ends as if it had not been.

Each run is killed with SIGKILL after a random time, then resumed, until it
ends. Weights, banks and metrics must be those of an uninterrupted run, to the
bit.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmuldor.apis.training import latest_checkpoint, train_detector

EPOCHS = 4
KILLS = 20


def train(path: str, work_dir: str, log: str) -> None:
    """One attempt, in a process of its own."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    torch.set_num_threads(1)
    config = Config.fromfile(path)
    config.work_dir = work_dir
    train_detector(config, resume='auto')


@pytest.fixture
def start(mini_config, tmp_path):
    """Starts an attempt; the imports are done before it is timed."""
    mini_config.train_cfg.update(max_epochs=EPOCHS, val_interval=1)
    mini_config.default_hooks.checkpoint.update(
        save_best=['val_loss', 'froc/mean'],
        rule=['less', 'greater'],
        max_keep_ckpts=2,
    )
    loader = mini_config.train_dataloader
    loader.num_workers, loader.persistent_workers = 1, True
    # Seeded by the config; logs are looked at where a test fails.
    mini_config.log_level = 'INFO'
    mini_config.dump(tmp_path / 'config.py')
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(['mmuldor.apis', 'mmdet.models'])
    warm_up = context.Process(target=int)
    warm_up.start()
    warm_up.join()

    def start_one(work_dir: Path) -> multiprocessing.Process:
        process = context.Process(
            target=train,
            args=(
                str(tmp_path / 'config.py'),
                str(work_dir),
                str(tmp_path / f'{work_dir.name}.log'),
            ),
        )
        process.start()
        return process

    return start_one


def run_whole(start, work_dir: Path) -> float:
    """Seconds that an uninterrupted run takes."""
    began = time.monotonic()
    process = start(work_dir)
    process.join(600)
    assert process.exitcode == 0
    return time.monotonic() - began


def outcome(work_dir: Path) -> dict:
    """All that must be equal to the bit."""
    checkpoint = torch.load(
        work_dir / f'epoch_{EPOCHS}.pth', weights_only=False
    )
    banks = {
        path.name: path.read_bytes()
        for path in sorted((work_dir / 'hard_negatives').glob('epoch_*'))
    }
    best = sorted(path.name for path in work_dir.glob('best_*.pth'))
    return {
        'weights': checkpoint['state_dict'],
        'momentum': checkpoint['optimizer']['state'],
        'banks': banks,
        'best': best,
        'metrics': last_metrics(work_dir),
    }


def last_metrics(work_dir: Path) -> dict[int, dict]:
    """Metrics of each validated epoch; of one done again the last."""
    found = {}
    for path in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            if 'val_loss' in row:
                found[row['step']] = {
                    name: value
                    for name, value in row.items()
                    if name.startswith(('val_', 'froc/'))
                }
    return found


def assert_equal(first, second, where='outcome') -> None:
    assert type(first) is type(second), where
    if isinstance(first, dict):
        assert list(first) == list(second), where
        for key in first:
            assert_equal(first[key], second[key], f'{where}.{key}')
    elif isinstance(first, torch.Tensor):
        assert torch.equal(first, second), where
    else:
        assert first == second, where


@pytest.mark.slow
def test_killed_at_random_it_ends_the_same(start, tmp_path):
    seconds = run_whole(start, tmp_path / 'whole')
    expected = outcome(tmp_path / 'whole')
    assert sorted(expected['metrics']) == list(range(1, EPOCHS + 1))
    # Else there would be nothing to compare.
    assert len(expected['banks']) == EPOCHS - 1
    assert any(b'"polygons"' in bank for bank in expected['banks'].values())
    assert expected['momentum']
    rng = random.Random(0)
    kills, chain = 0, 0
    while kills < KILLS:
        chain += 1
        work_dir = tmp_path / f'chain_{chain}'
        while True:
            process = start(work_dir)
            # Up to the end of a whole run, late moments too.
            process.join(rng.uniform(0, seconds))
            if process.exitcode is not None:
                break
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            kills += 1
        assert process.exitcode == 0, f'see {work_dir}.log'
        assert_equal(expected, outcome(work_dir), f'chain {chain}')
        leftovers = list(work_dir.glob('.*.pth'))
        print(f'chain {chain}: {kills} kills, {len(leftovers)} cut files')
    assert latest_checkpoint(str(work_dir)).endswith(f'epoch_{EPOCHS}.pth')
