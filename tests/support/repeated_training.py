"""A training that takes the same batches and draws each time."""

import copy

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DATASETS, MODELS, init_default_scope

from mmuldor.engine.hooks.channels_last_hook import to_channels_last

# Relative difference of the last 50 of 200 losses of two trainings that says
# nothing. Measured: float32 from weights that differ by 1e-6 to 1e-3 of
# themselves ends at 0.342 to 0.398, bfloat16 (whose rounding is 4e-3) 4 to 8 %
# above float32 of the same weights.
SPREAD = 0.2


def packed_samples(config):
    """Packed training images of 128 px, whose last maps have four pixels.

    At 64 px they have two, where bfloat16 has wrong gradients on a CPU (see
    CPUAmpOptimWrapper).
    """
    pipeline = config.val_loss_pipeline
    pipeline[-2].spacing_mm = 0.4
    config.train_dataloader.dataset.pipeline = pipeline
    init_default_scope('mmdet')
    dataset = DATASETS.build(config.train_dataloader.dataset)
    return [dataset[index] for index in range(len(dataset))]


def losses(config, samples, wrapper, iterations, device='cpu', last=False):
    """Losses of a training from one start.

    Args:
        config: Of the model.
        samples: The six of :func:`packed_samples`, two an iteration.
        wrapper: Makes an optimizer wrapper of an optimizer.
        iterations: How many.
        device: Where the model is.
        last: Whether it is in channels-last layout.
    """
    torch.manual_seed(0)
    model = MODELS.build(config.model).train()
    model.init_weights()
    model.to(device)
    if last:
        to_channels_last(model)
    optimiser = torch.optim.AdamW(model.parameters(), 0.0005)
    optimiser = wrapper(optimiser, clip_grad=dict(max_norm=10))
    found = []
    for number in range(iterations):
        torch.manual_seed(number)
        batch = [samples[(2 * number + i) % 6] for i in range(2)]
        batch = copy.deepcopy(pseudo_collate(batch))
        found.append(float(model.train_step(batch, optimiser)['loss']))
    return np.array(found)
