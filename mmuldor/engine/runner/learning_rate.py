"""Scaling of the learning rate to the batch size in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch.optim import Optimizer

WARM_UP_ITERATIONS = 500


def scaling(optimizer: Optimizer, images: int, base: int) -> tuple[float, str]:
    """Factor of the learning rate for a batch size, and the rule's name.

    Args:
        optimizer: The optimizer, whose type chooses the rule.
        images: Images an iteration, of all processes.
        base: Images an iteration that the config's rate is for.

    Raises:
        ValueError: If ``base`` is no positive number.
    """
    if isinstance(base, bool) or not isinstance(base, int) or base < 1:
        raise ValueError(
            '`auto_scale_lr.base_batch_size` must be the images an iteration '
            f'that the learning rate is for, 1 or more, but got {base!r}.'
        )
    factor = images / base
    name = type(optimizer).__name__
    if name in ('SGD', 'ASGD'):
        return factor, f'{name}: in proportion'
    return factor**0.5, f'{name}: by the square root'


def scale_rate(optimizer: Optimizer, factor: float) -> None:
    """Multiply the learning rates of all parameter groups."""
    for group in optimizer.param_groups:
        group['lr'] *= factor


def warm_up(
    schedulers: Sequence[dict], factor: float, epoch_length: int
) -> list[dict]:
    """Add a warm-up from the config's rate to the scaled one.

    It is the last scheduler, so that the indices of others in checkpoints do
    not change. If the config has a warm-up, nothing is added.

    Args:
        schedulers: The config's schedulers.
        factor: Factor of the scaled learning rate.
        epoch_length: Iterations of an epoch, the maximum of the warm-up.
    """
    schedulers = list(schedulers)
    if factor <= 1 or any(map(_is_warm_up, schedulers)):
        return schedulers
    return [
        *schedulers,
        dict(
            type='LinearLR',
            start_factor=1 / factor,
            by_epoch=False,
            begin=0,
            end=max(min(WARM_UP_ITERATIONS, epoch_length), 1),
        ),
    ]


def is_saved_warm_up(state: Mapping) -> bool:
    """Whether this is the state of a scheduler that `warm_up` added."""
    return 'start_factor' in state and not state.get('by_epoch', False)


def _is_warm_up(schedule: dict) -> bool:
    """Whether a scheduler lets the learning rate rise from the start."""
    if schedule.get('begin', 0) != 0:
        return False
    kind = schedule['type']
    name = kind if isinstance(kind, str) else kind.__name__
    match name.rpartition('.')[2]:
        case 'LinearLR':
            end = schedule.get('end_factor', 1.0)
            return schedule.get('start_factor', 1 / 3) < end
        case 'ConstantLR':
            return schedule.get('factor', 1 / 3) < 1
        case 'OneCycleLR' | 'QuadraticWarmupLR':
            return True
    return False
