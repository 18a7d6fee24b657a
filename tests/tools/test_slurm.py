"""What the scripts of several processes hand to srun and torchrun."""

import os
import shutil
import subprocess

import pytest


@pytest.fixture
def launch(root, tmp_path):
    """Run a script with an srun that prints its arguments."""
    srun = tmp_path / 'srun'
    srun.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    srun.chmod(0o755)

    def run(script, *arguments, **variables):
        path = f'{tmp_path}{os.pathsep}{os.environ["PATH"]}'
        return subprocess.run(
            [root / 'tools' / script, *arguments],
            env={**os.environ, 'PATH': path, **variables},
            capture_output=True,
            text=True,
        )

    return run


@pytest.mark.parametrize(
    ('script', 'tool', 'arguments'),
    [
        ('slurm_train.sh', 'train.py', ['c.py', '--resume']),
        ('slurm_test.sh', 'test.py', ['c.py', 'w.pth', '--out', 'a b.json']),
    ],
)
def test_a_task_a_gpu(launch, root, script, tool, arguments):
    done = launch(script, 'part', 'job', *arguments, GPUS='12')
    assert done.returncode == 0, done.stderr
    words = done.stdout.splitlines()
    start = words.index('python')
    assert words[:8] == (
        [
            '--partition',
            'part',
            '--job-name',
            'job',
            '--gres',
            'gpu:8',
            '--ntasks',
            '12',
        ]
    )
    assert words[start:] == [
        *('python', '-u', str(root / 'tools' / tool)),
        *('--launcher', 'slurm', *arguments),
    ]


def test_fewer_gpus_than_a_node_has(launch):
    done = launch('slurm_train.sh', 'p', 'j', 'c.py', GPUS='2')
    assert 'gpu:2' in done.stdout.splitlines()


@pytest.mark.parametrize(
    ('script', 'words', 'expected'),
    [
        ('slurm_train.sh', 'p j', "and CONFIG must be given, but got 'p j'."),
        ('slurm_test.sh', 'p j c', "CHECKPOINT must be given, but got 'p j c"),
        ('dist_train.sh', '', 'NUMBER of processes must come first, but'),
        ('dist_train.sh', 'c --amp', "come first, but got 'c --amp'. Type"),
        ('dist_train.sh', 'c 0', "must come first, but got 'c 0'."),
        ('dist_test.sh', 'c w', "must come first, but got 'c w'."),
    ],
)
def test_what_is_missing_is_named(launch, script, words, expected):
    done = launch(script, *words.split())
    assert done.returncode == 2
    assert expected in done.stderr


@pytest.mark.parametrize(
    ('script', 'words', 'command'),
    [
        ('dist_train.sh', 'c 2', 'torchrun'),
        ('dist_test.sh', 'c w 2', 'torchrun'),
        ('slurm_train.sh', 'p j c', 'srun'),
    ],
)
def test_a_launcher_that_is_not_there(root, tmp_path, script, words, command):
    for name in ('bash', 'dirname'):
        (tmp_path / name).symlink_to(shutil.which(name))
    done = subprocess.run(
        [root / 'tools' / script, *words.split()],
        env={'PATH': str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert f'{command}, a command of' in done.stderr


def test_what_torchrun_is_given(root, launch, tmp_path):
    (tmp_path / 'srun').rename(tmp_path / 'torchrun')
    done = launch('dist_test.sh', 'c.py', 'w.pth', '2', '--out', 'a b')
    assert done.stdout.splitlines()[-8:] == [
        *('2', str(root / 'tools/test.py'), '--launcher', 'pytorch'),
        *('c.py', 'w.pth', '--out', 'a b'),
    ]
