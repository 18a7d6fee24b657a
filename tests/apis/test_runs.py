import os

import pytest
from mmengine.config import Config

from mmuldor.apis import runs, training
from mmuldor.apis.many_scans.processes import join_processes
from mmuldor.apis.runs import check_launcher


@pytest.mark.parametrize(
    ('launcher', 'variable', 'command'),
    [
        ('pytorch', 'WORLD_SIZE', 'torchrun'),
        ('slurm', 'SLURM_PROCID', 'srun'),
        ('mpi', 'OMPI_COMM_WORLD_RANK', 'mpirun'),
    ],
)
def test_a_launcher_that_started_nothing(
    monkeypatch, launcher, variable, command
):
    monkeypatch.delenv(variable, raising=False)
    for check in (check_launcher, join_processes):
        with pytest.raises(ValueError, match=f'{variable}, .* `{command} '):
            check(launcher)
    monkeypatch.setenv(variable, '1')
    monkeypatch.setenv('MASTER_ADDR', '127.0.0.1')
    # Set by the check of 'mpi'; restored after the test.
    monkeypatch.delenv('LOCAL_RANK', raising=False)
    monkeypatch.setenv('LOCAL_RANK', '7')
    check_launcher(launcher)


def test_no_launcher():
    check_launcher('none')


def test_mpi_gets_what_mmengine_reads(monkeypatch):
    monkeypatch.setenv('OMPI_COMM_WORLD_RANK', '5')
    monkeypatch.setenv('OMPI_COMM_WORLD_LOCAL_RANK', '1')
    monkeypatch.delenv('MASTER_ADDR', raising=False)
    with pytest.raises(ValueError, match='-x MASTER_ADDR=HOST'):
        check_launcher('mpi')
    monkeypatch.setenv('MASTER_ADDR', '127.0.0.1')
    # Registers the variable, so that it is removed after the test.
    monkeypatch.setenv('LOCAL_RANK', '')
    del os.environ['LOCAL_RANK']
    check_launcher('mpi')
    assert os.environ['LOCAL_RANK'] == '1'


@pytest.mark.parametrize(
    ('own', 'expected'),
    [
        ({}, (False, False)),
        ({'find_unused_parameters': True}, (True, False)),
        ({'model_wrapper_cfg': {'broadcast_buffers': True}}, (False, True)),
    ],
)
def test_processes_on_cpus_are_wrapped_as_those_on_gpus(
    monkeypatch, own, expected
):
    monkeypatch.setattr(runs, 'join_on_cpu', lambda *_: None)
    config = Config(dict(launcher='pytorch', **own))
    runs._join_on_cpu(config)
    wrapper = config.model_wrapper_cfg
    found = wrapper.find_unused_parameters, wrapper.broadcast_buffers
    assert found == expected
    assert wrapper.device_ids is None


def test_processes_must_start_from_one_checkpoint(monkeypatch):
    config = Config(dict(work_dir='w', load_from='w/epoch_2.pth'))
    gathered = lambda own: [own, None]  # noqa: E731
    monkeypatch.setattr(training, 'all_gather_object', gathered)
    with pytest.raises(ValueError, match='process 1 from None'):
        training._check_same_start(config)
    config.load_from = None
    training._check_same_start(config)
