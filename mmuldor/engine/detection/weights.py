"""Weights of a checkpoint: comparison with a model, expansion of heads."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from mmengine.logging import MMLogger

from mmuldor.upstream.safe_checkpoints import load_safely


def weights_of(checkpoint: dict) -> dict[str, torch.Tensor]:
    """The checkpoint's tensors, without the prefix of a model wrapper.

    Raises:
        ValueError: If they are no dict of finite tensors by name.
    """
    state = checkpoint
    if isinstance(checkpoint, dict) and 'state_dict' in checkpoint:
        state = checkpoint['state_dict']
    if not isinstance(state, dict):
        raise ValueError(
            'a checkpoint must hold a dict of tensors, but got a '
            f'{type(state).__name__}.'
        )
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise ValueError(
                'a checkpoint must hold a dict of tensors, but '
                f'{str(name)[:80]!r} is a {type(value).__name__}.'
            )
        if value.is_floating_point() and not value.isfinite().all():
            raise ValueError(
                f'the weights must be finite, but `{name}` holds NaN or inf. '
                'Did the training diverge? Take an earlier checkpoint.'
            )
    for name in [n for n in state if n.startswith('module.')]:
        state[name.removeprefix('module.')] = state.pop(name)
    return state


def check_shapes(
    state: dict[str, torch.Tensor], target: dict[str, torch.Tensor]
) -> None:
    """Raise ValueError where shapes differ from those of the model.

    MMEngine would only warn and keep the model's initial weights there.
    """
    for name in sorted(set(state) & set(target)):
        tensor, expected = state[name], target[name]
        if tensor.shape != expected.shape or (
            tensor.is_floating_point() != expected.is_floating_point()
        ):
            raise ValueError(
                f'`{name}` must be {expected.dtype} of shape '
                f'{tuple(expected.shape)}, but is {tensor.dtype} of '
                f'{tuple(tensor.shape)}. Use the config it was trained with.'
            )


def check_classes(
    state: dict[str, torch.Tensor], target: dict[str, torch.Tensor]
) -> None:
    """Raise ValueError if a class layer of the heads has another shape."""
    for name, expected, tensor in _class_layers(state, target):
        if tensor.shape != expected.shape:
            raise _mismatch(name, tensor, expected)


def _class_layers(state, target):
    for name, expected in target.items():
        layer = name.split('.')[-2] if '.' in name else ''
        if layer in _EXPANDERS and name in state:
            yield name, expected, state[name]


def _mismatch(name, tensor, expected) -> ValueError:
    return ValueError(
        f'the checkpoint has {tuple(tensor.shape)} in `{name}`, but the model '
        f'has {tuple(expected.shape)}: another number of classes. Use the '
        'config it was trained with; a one-class (lesion) checkpoint can '
        'start the training of an HNEM model, and nothing else can differ.'
    )


def expand_heads(
    state: dict[str, torch.Tensor], target: dict[str, torch.Tensor]
) -> list[str]:
    """Expand a one-class state dict to the shapes of a model of more classes.

    Args:
        state: The checkpoint's tensors, changed in place.
        target: The model's own (initialised) tensors.

    Returns:
        Names of the tensors that were expanded.

    Raises:
        ValueError: If class layers differ in another way.
    """
    expanded = []
    for name, expected, tensor in list(_class_layers(state, target)):
        if tensor.shape == expected.shape:
            continue
        layer = name.split('.')[-2]
        rows = _EXPANDERS[layer](tensor, expected)
        if rows is None:
            raise _mismatch(name, tensor, expected)
        state[name] = rows
        expanded.append(name)
    return expanded


def _expand_cls(tensor, expected):
    """Rows are the classes, then background: lesion, [new, ...] background."""
    if tensor.shape[1:] != expected.shape[1:] or len(tensor) != 2:
        return None
    if len(expected) <= len(tensor):
        return None
    rows = expected.clone()
    rows[0], rows[-1] = tensor[0], tensor[1]
    if rows.ndim == 1:
        # log(0.01) = -4.6: a new class starts as rare as 1 in 100 (Lin et al.
        # 2017, focal loss), so the lesion's probability hardly changes.
        rows[1:-1] = -4.6
    return rows


def _expand_first(tensor, expected, per_class):
    """Copy the first ``per_class`` rows, those of the lesion."""
    if tensor.shape[1:] != expected.shape[1:] or len(tensor) != per_class:
        return None
    if len(expected) <= len(tensor):
        return None
    rows = expected.clone()
    rows[:per_class] = tensor
    return rows


_EXPANDERS = {
    'fc_cls': _expand_cls,
    'fc_reg': lambda tensor, expected: _expand_first(tensor, expected, 4),
    'conv_logits': lambda tensor, expected: _expand_first(tensor, expected, 1),
}


def load_weights(
    model: torch.nn.Module, checkpoint: str | Mapping[str, torch.Tensor]
) -> None:
    """Load a checkpoint into a model that was built from its config.

    Args:
        model: The model.
        checkpoint: A file, or the tensors by name.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no checkpoint, or of another model. What the model
            lacks, as a mask head, is a warning.
    """
    if isinstance(checkpoint, str):
        loaded, name = load_safely(checkpoint), f"'{checkpoint}'"
    else:
        loaded, name = {'state_dict': dict(checkpoint)}, 'the weights'
    target = model.state_dict()
    try:
        state = weights_of(loaded)
        check_classes(state, target)
        lacking = [name for name in target if name not in state]
        if lacking:
            raise ValueError(
                f'{len(lacking)} tensors are missing, for example '
                f'`{lacking[0]}`.'
            )
        check_shapes(state, target)
    except ValueError as error:
        raise ValueError(
            f'{name} must be of this config, but {error}'
        ) from error
    surplus = [name for name in state if name not in target]
    if surplus:
        MMLogger.get_current_instance().warning(
            f'{len(surplus)} tensors of {name} are not used, for example '
            f'`{surplus[0]}`. Is this the config it was trained with?'
        )
    model.load_state_dict(state, strict=False)
