"""Sixty epochs with mining: nothing grows."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from mmengine.hooks import Hook

from mmuldor.apis.runs import build_runner

pytestmark = pytest.mark.slow

EPOCHS = 60
PAGE = os.sysconf('SC_PAGE_SIZE')


def resident_mb(pid: int | str) -> float:
    pages = Path(f'/proc/{pid}/statm').read_text().split()[1]
    return int(pages) * PAGE / 2**20


class Watch(Hook):
    """Memory of this process and its workers, and open files, by epoch."""

    priority = 'LOWEST'

    def __init__(self):
        self.main, self.workers, self.files = [], [], []

    def after_train_epoch(self, runner):
        me = os.getpid()
        children = Path(f'/proc/{me}/task/{me}/children').read_text().split()
        self.main.append(resident_mb('self'))
        self.workers.append(max(map(resident_mb, children)))
        self.files.append(len(os.listdir('/proc/self/fd')))


def test_memory_files_and_banks_stay(mini_config, mini_data):
    mini_config.train_cfg.update(max_epochs=EPOCHS, val_interval=5)
    mini_config.default_hooks.early_stopping = None
    loader = mini_config.train_dataloader
    loader.num_workers, loader.persistent_workers = 1, True
    runner = build_runner(mini_config)
    watch = Watch()
    runner.register_hook(watch)
    runner.train()
    assert len(watch.main) == EPOCHS
    # After thirty epochs caches and heaps are full; megabytes.
    for series in (watch.main, watch.workers):
        print([round(value) for value in series])
        assert max(series[50:]) - max(series[25:35]) < 8
    assert max(watch.files[50:]) <= max(watch.files[25:35])
    banks = sorted(Path(mini_config.work_dir, 'hard_negatives').glob('epoch*'))
    assert len(banks) == EPOCHS - 1
    images = len(json.loads((mini_data / 'train.json').read_text())['images'])
    for path in banks:
        found = json.loads(path.read_text())['images']
        assert sum(map(len, found.values())) <= 3 * images
    # An example is a box and an outline: about a kilobyte here.
    assert max(path.stat().st_size for path in banks) < 5000 * images
