"""The learning rate for the batch that a training really has."""

from __future__ import annotations

from collections.abc import Sequence

from torch.optim import Optimizer

WARM_UP_ITERATIONS = 500


def scaling(optimizer: Optimizer, images: int, base: int) -> tuple[float, str]:
    """How a rate grows with the batch, and the rule's name.

    Args:
        optimizer: Whose rate it is.
        images: An iteration's images, of all processes.
        base: Those that the rate is for.

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
    """Multiply the rate of all groups."""
    for group in optimizer.param_groups:
        group['lr'] *= factor


def warm_up(
    schedulers: Sequence[dict], factor: float, epoch_length: int
) -> list[dict]:
    """Schedulers with a warm-up from the config's rate to a larger one.

    It comes last, so that the others keep their places in checkpoints. Where
    a config warms up already, nothing is added.

    Args:
        schedulers: Of the config.
        factor: How much the rate has grown.
        epoch_length: Iterations of an epoch, the warm-up's longest.
    """
    schedulers = list(schedulers)
    has_one = any(
        not schedule.get('by_epoch', True) and schedule.get('begin', 0) == 0
        for schedule in schedulers
    )
    if factor <= 1 or has_one:
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
