"""Check a checkpoint's classes; expand a lesion model's heads for HNEM."""

from __future__ import annotations

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmuldor.registry import HOOKS


@HOOKS.register_module()
class HeadExpansionHook(Hook):
    """Let a one-class checkpoint start a two-class (HNEM) model.

    Fires after a checkpoint was read and before it is given to the model. The
    lesion's rows of the classification, box and mask layers are copied, the
    background's too; the new classes keep the model's initialisation. Any
    other difference in the number of classes is an error, where MMEngine
    would train on from random heads with only a warning.

    Example:
        ``default_hooks = dict(heads=dict(type='mmuldor.HeadExpansionHook'))``
    """

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Rewrite ``checkpoint['state_dict']`` in place."""
        model = getattr(runner.model, 'module', runner.model)
        state = checkpoint.get('state_dict', checkpoint)
        names = expand_heads(state, model.state_dict())
        if names:
            runner.logger.info(
                'head expansion: the lesion rows of '
                f'{", ".join(names)} were copied, new classes initialised'
            )


def expand_heads(
    state: dict[str, torch.Tensor], target: dict[str, torch.Tensor]
) -> list[str]:
    """Bring a one-class state dict to the shapes of a model of more classes.

    Args:
        state: The checkpoint's tensors, changed in place.
        target: The model's own (initialised) tensors.

    Returns:
        Names of the tensors that were expanded.

    Raises:
        ValueError: If class layers differ in another way.
    """
    expanded = []
    for name, wanted in target.items():
        found = state.get(name)
        layer = name.split('.')[-2] if '.' in name else ''
        if found is None or layer not in _EXPANDERS:
            continue
        if found.shape == wanted.shape:
            continue
        rows = _EXPANDERS[layer](found, wanted)
        if rows is None:
            raise ValueError(
                f'the checkpoint has {tuple(found.shape)} in `{name}`, but '
                f'the model has {tuple(wanted.shape)}: another number of '
                'classes. Use the config it was trained with; only a '
                'one-class (lesion) checkpoint can start an HNEM model.'
            )
        state[name] = rows
        expanded.append(name)
    return expanded


def _expand_cls(found, wanted):
    """Rows are the classes, then background: lesion, [new, ...] background."""
    if found.shape[1:] != wanted.shape[1:] or len(found) != 2:
        return None
    if len(wanted) <= len(found):
        return None
    rows = wanted.clone()
    rows[0], rows[-1] = found[0], found[1]
    return rows


def _expand_first(found, wanted, per_class):
    if found.shape[1:] != wanted.shape[1:] or len(found) != per_class:
        return None
    if len(wanted) <= len(found):
        return None
    rows = wanted.clone()
    rows[:per_class] = found
    return rows


_EXPANDERS = {
    'fc_cls': _expand_cls,
    'fc_reg': lambda found, wanted: _expand_first(found, wanted, 4),
    'conv_logits': lambda found, wanted: _expand_first(found, wanted, 1),
}
