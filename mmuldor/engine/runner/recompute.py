"""Recompute activations of some modules instead of keeping them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import nn
from torch.utils.checkpoint import checkpoint


def recompute_activations(
    model: nn.Module, names: Sequence[str] | str
) -> None:
    """Let modules recompute their activations in the backward pass.

    MMEngine's ``activation_checkpointing`` takes torch's reentrant way, which
    gives a module's parameters no gradient where its input needs none: a
    stage behind frozen ones would not be trained, in silence.

    Args:
        model: Whose modules; changed in place.
        names: As in `named_modules`, like 'backbone.layer2'.

    Raises:
        ValueError: If there is no such module.
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
