"""Recompute activations of some modules instead of storing them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import nn
from torch.utils.checkpoint import checkpoint


def recompute_activations(
    model: nn.Module, names: Sequence[str] | str
) -> None:
    """Let modules recompute their activations in the backward pass.

    MMEngine's ``activation_checkpointing`` uses torch's reentrant variant,
    which gives a module's parameters no gradient if its input needs none. So
    a stage behind frozen stages would silently not be trained.

    Args:
        model: The model, changed in place.
        names: Names of ``named_modules``, for example 'backbone.layer2'.

    Raises:
        ValueError: If a module does not exist.
    """
    modules = dict(model.named_modules())
    for name in [names] if isinstance(names, str) else names:
        if name not in modules:
            raise ValueError(
                '`activation_checkpointing` must name modules of the model, '
                f'like {next(iter(dict(model.named_children())))!r}, but got '
                f'{name!r}.'
            )
        module = modules[name]
        module.forward = partial(
            checkpoint, module.forward, use_reentrant=False
        )
