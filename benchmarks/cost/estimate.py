"""Hours of a training, batch, rate and warm-up on several GPUs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from mmengine.config import Config
from mmengine.registry import OPTIMIZERS

from benchmarks.cost.count import Cost
from mmuldor.engine.runner.learning_rate import scaling, warm_up

# Key slices of DeepLesion's training and validation split.
TRAIN_IMAGES, VAL_IMAGES = 22_496, 4_793
# NVIDIA's data sheet of the H100 and H200 (SXM): 989 TFLOPS in bfloat16
# without sparsity.
PEAK = 989e12
GPU = 'NVIDIA H100 or H200 (SXM), bfloat16, 989 TFLOPS'
# Assumed shares of that peak: nobody has run these trainings, and a detector
# has many small operations that do not fill a large GPU.
UTILISATION = (0.02, 0.1)
# Images a GPU by number of GPUs, as configs/_base_/schedules/gpus.py.
IMAGES_A_GPU = {1: 16, 8: 8, 32: 4}


@dataclass(frozen=True)
class Plan:
    """How a training runs on a number of GPUs.

    Attributes:
        gpus: Their number.
        batch: Images an iteration.
        rate: The learning rate after the warm-up.
        warm_up: Iterations of it; 0 for none.
        iterations: Iterations of an epoch.
    """

    gpus: int
    batch: int
    rate: float
    warm_up: int
    iterations: int


def operations(config: Config, cost: Cost) -> float:
    """Operations of a whole training.

    Each epoch trains on all images, validates twice (FROC and the validation
    loss) and, with HNEM, mines all training images but after the last.
    """
    epochs = config.train_cfg.max_epochs
    forward = 2 * VAL_IMAGES * epochs
    if config.default_hooks.get('hnem') is not None:
        forward += TRAIN_IMAGES * (epochs - 1)
    return float(
        TRAIN_IMAGES * epochs * cost.training + forward * cost.forward
    )


def hours(config: Config, cost: Cost, utilisation: float) -> float:
    """Hours of a training on one GPU that reaches a share of its peak."""
    return operations(config, cost) / (PEAK * utilisation) / 3600


def plans(config: Config, gpus: Sequence[int]) -> list[Plan]:
    """Batch, rate and warm-up, as the tools scale them by themselves.

    Raises:
        KeyError: If a number of GPUs is not in `IMAGES_A_GPU`.
    """
    found = []
    parameter = torch.nn.Parameter(torch.zeros(1))
    for number in gpus:
        batch = number * IMAGES_A_GPU[number]
        optimizer = OPTIMIZERS.build(
            dict(config.optim_wrapper.optimizer, params=[parameter])
        )
        base = config.auto_scale_lr.base_batch_size
        factor, _ = scaling(optimizer, batch, base)
        iterations = math.ceil(TRAIN_IMAGES / batch)
        schedulers = warm_up(config.param_scheduler, factor, iterations)
        rate = config.optim_wrapper.optimizer.lr * factor
        warm = warm_up_iterations(schedulers)
        found.append(Plan(number, batch, rate, warm, iterations))
    return found


def warm_up_iterations(schedulers: Sequence[dict]) -> int:
    """Iterations of the warm-up, of the config or of the tools, or 0."""
    ends = [
        schedule['end']
        for schedule in schedulers
        if schedule['type'] == 'LinearLR'
        and not schedule.get('by_epoch', True)
    ]
    return max(ends, default=0)
