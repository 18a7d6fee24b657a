"""A full disk and a read-only one end a training with one line."""

from __future__ import annotations

import subprocess

import pytest
import torch

from mmuldor.apis.training import latest_checkpoint, train_detector
from tools.train import main

pytestmark = pytest.mark.slow


@pytest.fixture
def disk(tmp_path):
    """Mounts a file system of so many bytes; only root can."""
    place = tmp_path / 'disk'
    place.mkdir()
    mounted = []

    def mount(size: int):
        command = ['mount', '-t', 'tmpfs', '-o', f'size={size}', 'tmpfs']
        done = subprocess.run(
            [*command, str(place)], capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f'cannot mount a small disk: {done.stderr.strip()}')
        mounted.append(place)
        return place

    yield mount
    # MMEngine's logger keeps its file open.
    for one in mounted:
        subprocess.run(['umount', '-l', str(one)], check=True)


@pytest.fixture
def config(mini_config, tmp_path):
    mini_config.default_hooks.checkpoint.max_keep_ckpts = -1
    mini_config.dump(tmp_path / 'config.py')
    return mini_config


def test_a_full_disk(config, disk, tmp_path, refused):
    config.train_cfg.max_epochs = 1
    train_detector(config)
    used = sum(
        path.stat().st_size
        for path in (tmp_path / 'work').rglob('*')
        if path.is_file()
    )
    # Room for two epochs, not for three.
    work = disk(int(2.5 * used))
    command = (main, tmp_path / 'config.py', '--work-dir', work / 'run')
    assert 'No space left on device' in refused(*command)
    whole = latest_checkpoint(str(work / 'run'))
    assert whole is not None
    checkpoint = torch.load(whole, weights_only=False)
    assert checkpoint['meta']['epoch'] in (1, 2)
    assert list((work / 'run').glob('.*.pth')) == []


def test_a_disk_that_cannot_be_written(config_file, disk, refused):
    place = disk(1 << 20)
    subprocess.run(['mount', '-o', 'remount,ro', str(place)], check=True)
    error = refused(main, config_file, '--work-dir', place / 'run')
    assert 'may not be written to' in error
    assert str(place) in error
