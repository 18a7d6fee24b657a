"""`tools/demo.sh` with commands that only note what they were asked for."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

# Trains five epochs of 0.2 s; fails in the second of the run in `FAILS`.
PYTHON = """#!/usr/bin/env bash
echo "$@" >> calls
[ "$1" = tools/train.py ] || exit 0
echo $$ >> pids
for epoch in 1 2 3 4 5; do
    sleep 0.2
    if [ $epoch = 2 ] && [ "$4" = "work_dirs/demo/$FAILS" ]; then exit 3; fi
    echo "$4 epoch $epoch" >> calls
    mkdir -p "$4" && touch "$4/epoch_$epoch.pth"
done
echo "$4/epoch_5.pth" > "$4/last_checkpoint"
"""


@pytest.fixture
def folder(root, tmp_path):
    (tmp_path / 'bin').mkdir()
    (tmp_path / 'bin/python').write_text(PYTHON)
    (tmp_path / 'bin/python').chmod(0o755)
    (tmp_path / 'tools').mkdir()
    shutil.copy(root / 'tools/demo.sh', tmp_path / 'tools')
    # Of an earlier demo: nothing may begin from it.
    old = tmp_path / 'work_dirs/demo/mask_rcnn'
    old.mkdir(parents=True)
    (old / 'epoch_3.pth').touch()
    return tmp_path


def start(folder, fails=''):
    path = f'{folder / "bin"}:{os.environ["PATH"]}'
    return subprocess.Popen(
        ['bash', 'tools/demo.sh'],
        cwd=folder,
        env={**os.environ, 'PATH': path, 'FAILS': fails},
        stdout=subprocess.PIPE,
        text=True,
    )


def trained(folder):
    lines = (folder / 'calls').read_text().splitlines()
    return [
        Path(line.split()[3]).name
        for line in lines
        if line.startswith('tools/train.py')
    ]


def running(folder):
    """Trainings that are left; a signal takes a moment to end them."""
    pids = (folder / 'pids').read_text().split()
    for _ in range(100):
        left = [pid for pid in pids if alive(Path('/proc') / pid / 'stat')]
        if not left:
            break
        time.sleep(0.1)
    return left


def alive(stat):
    try:
        return stat.read_text().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


def test_everything_runs_and_hnem_waits_for_its_epoch(folder):
    process = start(folder)
    out = process.communicate(timeout=60)[0]
    assert process.returncode == 0, out
    assert sorted(trained(folder)[:2]) == ['faster_rcnn', 'mask_rcnn']
    assert trained(folder)[2:] == ['uldor']
    assert 'A first look, after one epoch of five: open work_dirs/demo' in out
    assert out.index('Testing uldor') < out.index('Writing the report')
    calls = (folder / 'calls').read_text()
    third = calls.index('mask_rcnn epoch 3')
    assert third < calls.index('load_from=work_dirs/demo/mask_rcnn/epoch_3')
    first = calls.index('mask_rcnn/epoch_1.pth --work-dir work_dirs/demo/fi')
    assert calls.index('mask_rcnn epoch 1') < first


@pytest.mark.parametrize('fails', ['faster_rcnn', 'mask_rcnn', 'uldor'])
def test_one_that_fails_ends_all(folder, fails):
    process = start(folder, fails)
    out = process.communicate(timeout=60)[0]
    assert process.returncode == 3, out
    assert 'Writing the report' not in out
    assert not running(folder)


def test_interrupted(folder):
    process = start(folder)
    while not (folder / 'pids').exists():
        time.sleep(0.05)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not running(folder)
