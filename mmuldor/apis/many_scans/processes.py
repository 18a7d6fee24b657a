"""Several processes that share a list of scans."""

from __future__ import annotations

from datetime import timedelta

import torch
from mmengine.dist import (
    all_gather_object,
    broadcast_object_list,
    get_rank,
    get_world_size,
    init_dist,
)

from mmuldor.apis.many_scans.outcomes import Outcome
from mmuldor.apis.runs import check_launcher, join_on_cpu

# Processes wait for the slowest one, not for each other's steps.
_WAIT = timedelta(days=30)


def join_processes(launcher: str) -> tuple[int, int]:
    """Join the processes of a launcher.

    Args:
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.

    Returns:
        Number of this process from 0, and of all.

    Raises:
        ValueError: If the launcher has not started this process, or needs
            GPUs and there are none.
    """
    if launcher == 'none':
        return 0, 1
    check_launcher(launcher)
    if torch.cuda.is_available():
        # Results are exchanged once, as objects: no GPU is needed for that.
        init_dist(launcher, backend='gloo', timeout=_WAIT.total_seconds())
    else:
        join_on_cpu(launcher, _WAIT)
    return get_rank(), get_world_size()


def own_device() -> str | None:
    """The GPU of this process among those of its machine, if there is one."""
    if not torch.cuda.is_available():
        return None
    return f'cuda:{torch.cuda.current_device()}'


def from_first(value: set[int]) -> set[int]:
    """The value of the first process, in all of them."""
    values = [value]
    broadcast_object_list(values)
    return values[0]


def gather(outcomes: dict[int, Outcome]) -> list[Outcome]:
    """The outcomes of all processes in the order of the scans.

    Args:
        outcomes: Of this process, by number of the scan.

    Raises:
        ValueError: If another process has died.
    """
    try:
        parts = all_gather_object(outcomes)
    except RuntimeError as error:
        raise ValueError(
            'the processes must all reach their end, but another one died. '
            'Run the same command with `--skip-done` for what it left.'
        ) from error
    by_number = {k: part[k] for part in parts for k in part}
    return [by_number[number] for number in sorted(by_number)]
