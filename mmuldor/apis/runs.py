"""Runners, process groups and checks that training and testing share."""

from __future__ import annotations

import gc
import os
from datetime import timedelta

import torch
from mmengine.config import Config
from mmengine.runner import Runner

from mmuldor.engine.runner.brief_runner import BriefRunner
from mmuldor.engine.runner.config_errors import config_errors
from mmuldor.io.paths import out_folder
from mmuldor.ops import log_backend
from mmuldor.upstream.safe_checkpoints import check_file

# What a launcher sets in each process, and what starts it.
_LAUNCHED = {
    'pytorch': ('WORLD_SIZE', 'torchrun --nproc-per-node 2 TOOL'),
    'slurm': ('SLURM_PROCID', 'srun --ntasks 2 python TOOL'),
    'mpi': (
        'OMPI_COMM_WORLD_RANK',
        'mpirun -n 2 -x MASTER_ADDR=127.0.0.1 python TOOL',
    ),
}


def build_runner(
    config: Config, kind: type[BriefRunner] = BriefRunner
) -> Runner:
    """Build the runner and log which operators mmcv uses.

    Args:
        config: Of a training or test.
        kind: The runner's class.

    Raises:
        OSError: If nothing can be written into the work dir.
        ValueError: If an entry of the config cannot be built.
    """
    out_folder(config.work_dir, '--work-dir')
    launcher = config.get('launcher', 'none')
    check_launcher(launcher)
    if launcher != 'none' and not torch.cuda.is_available():
        _join_on_cpu(config)
    with config_errors(config):
        runner = kind.from_cfg(config)
    log_backend()
    return runner


def _join_on_cpu(config: Config) -> None:
    """Join the launcher's processes on CPUs; MMEngine would need GPUs."""
    settings = config.get('env_cfg', {}).get('dist_cfg', {})
    timeout = settings.get('timeout')
    join_on_cpu(config.launcher, timeout and timedelta(seconds=timeout))
    # What MMEngine's wrapper on GPUs has.
    unused = config.get('find_unused_parameters', False)
    config.model_wrapper_cfg = {
        'find_unused_parameters': unused,
        'broadcast_buffers': False,
        **(config.get('model_wrapper_cfg') or {}),
        'type': 'MMDistributedDataParallel',
        'device_ids': None,
    }


def join_on_cpu(launcher: str, timeout: timedelta | None = None) -> None:
    """Join a launcher's processes without a GPU.

    Raises:
        ValueError: If the launcher needs GPUs.
    """
    if launcher != 'pytorch':
        raise ValueError(
            f"without a GPU `--launcher` must be 'pytorch' or 'none', but got "
            f'{launcher!r}.'
        )
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group('gloo', timeout=timeout)


def check_launcher(launcher: str) -> None:
    """Raise ValueError unless a launcher has started this process."""
    if launcher not in _LAUNCHED:
        return
    variable, command = _LAUNCHED[launcher]
    if variable not in os.environ:
        raise ValueError(
            f'with `--launcher {launcher}` the tool must be started by its '
            f'launcher, which sets {variable}, but that is not set. Type '
            f'`{command} ... --launcher {launcher}`, or leave `--launcher` '
            'out for one process.'
        )
    if launcher == 'mpi':
        _complete_mpi()


def _complete_mpi() -> None:
    """Set what MMEngine reads, but does not set itself, with MPI."""
    if 'MASTER_ADDR' not in os.environ:
        raise ValueError(
            "with `--launcher mpi` MASTER_ADDR must be the first machine's "
            'address, but is not set. Type `mpirun -x MASTER_ADDR=HOST ...`, '
            'with 127.0.0.1 as HOST on a single machine.'
        )
    local = os.environ.get('OMPI_COMM_WORLD_LOCAL_RANK', '0')
    os.environ.setdefault('LOCAL_RANK', local)


def leave_processes() -> None:
    """Leave the process group after all work is done.

    If that is left to Python's shutdown, gloo's threads sometimes abort the
    process. Objects that refer to the group, like the runner's model, must be
    deleted before, hence the garbage collection.
    """
    if torch.distributed.is_initialized():
        gc.collect()
        torch.distributed.destroy_process_group()


def check_checkpoint(path: str | os.PathLike[str]) -> str:
    """Return ``path`` as text if it is a URL or an existing file.

    Raises:
        FileNotFoundError: If it is neither.
        ValueError: See :func:`mmuldor.upstream.safe_checkpoints.check_file`.
    """
    path = os.fspath(path)
    if '://' not in path:
        check_file(path)
    return path
