"""What the Slurm scripts hand to srun."""

import os
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
    ('script', 'count', 'what'),
    [('slurm_train.sh', 2, 'config'), ('slurm_test.sh', 3, 'checkpoint')],
)
def test_what_is_missing_is_named(launch, script, count, what):
    done = launch(script, *'abcd'[:count])
    assert done.returncode != 0
    assert what in done.stderr
