import pytest

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
    check_launcher(launcher)


def test_no_launcher():
    check_launcher('none')
