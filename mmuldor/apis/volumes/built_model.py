"""The trained model of a config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from mmengine.config import Config
from mmengine.registry import MODELS

from mmuldor.apis.bundle.memory_budget import MemoryBudget
from mmuldor.engine.detection.heads import check_types, unwrapped
from mmuldor.engine.detection.weights import load_weights
from mmuldor.engine.runner.config_errors import config_errors


def build_model(
    config: Config,
    checkpoint: str | Mapping[str, torch.Tensor],
    types: Sequence[str],
) -> torch.nn.Module:
    """Build a config's model with trained weights.

    Args:
        config: The config; its model is the detector, or ``ViewAveraging`` of
            it.
        checkpoint: File of the weights, or, of a bundle that nobody vouches
            for, the tensors by name. Then the model may need a few times
            their memory, and an error names the config, which is the bundle.
        types: Names of the lesion types, if types are classes.

    Raises:
        FileNotFoundError: If the checkpoint does not exist.
        ValueError: If it does not fit the config, or that cannot be built.
    """
    budget: AbstractContextManager = nullcontext()
    if not isinstance(checkpoint, str):
        budget = MemoryBudget(checkpoint.values())
    with config_errors(config), budget:
        model = MODELS.build(config.model)
    check_types(unwrapped(model), types)
    if isinstance(checkpoint, str):
        load_weights(unwrapped(model), checkpoint)
    else:
        with config_errors(config):
            load_weights(unwrapped(model), checkpoint)
    return model
