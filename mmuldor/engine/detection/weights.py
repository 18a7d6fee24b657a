"""Weights of a checkpoint: check them against a model, expand its heads."""

from __future__ import annotations

import torch

from mmuldor.upstream.safe_checkpoints import load_safely


def weights_of(checkpoint: dict) -> dict[str, torch.Tensor]:
    """The checkpoint's tensors, without the prefix of a model wrapper."""
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
    """Raise ValueError where MMEngine would leave a layer as it is."""
    for name in sorted(set(state) & set(target)):
        found, wanted = state[name], target[name]
        if found.shape != wanted.shape or (
            found.is_floating_point() != wanted.is_floating_point()
        ):
            raise ValueError(
                f'`{name}` must be {wanted.dtype} of shape '
                f'{tuple(wanted.shape)}, but is {found.dtype} of '
                f'{tuple(found.shape)}. Use the config it was trained with.'
            )


def check_classes(
    state: dict[str, torch.Tensor], target: dict[str, torch.Tensor]
) -> None:
    """Raise ValueError if a layer of the heads has another shape."""
    for name, wanted, found in _class_layers(state, target):
        if found.shape != wanted.shape:
            raise _mismatch(name, found, wanted)


def _class_layers(state, target):
    for name, wanted in target.items():
        layer = name.split('.')[-2] if '.' in name else ''
        if layer in _EXPANDERS and name in state:
            yield name, wanted, state[name]


def _mismatch(name, found, wanted) -> ValueError:
    return ValueError(
        f'the checkpoint has {tuple(found.shape)} in `{name}`, but the model '
        f'has {tuple(wanted.shape)}: another number of classes. Use the '
        'config it was trained with; a one-class (lesion) checkpoint can '
        'start the training of an HNEM model, and nothing else can differ.'
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
    for name, wanted, found in list(_class_layers(state, target)):
        if found.shape == wanted.shape:
            continue
        layer = name.split('.')[-2]
        rows = _EXPANDERS[layer](found, wanted)
        if rows is None:
            raise _mismatch(name, found, wanted)
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
    if rows.ndim == 1:
        # A new class starts as rare as 1 in 100 (Lin et al. 2017, focal
        # loss), so that the lesion's probability stays what it was.
        rows[1:-1] = -4.6
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


def load_weights(model: torch.nn.Module, checkpoint: str) -> None:
    """Load a checkpoint of a model's config into it.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no checkpoint, or of another model.
    """
    loaded = load_safely(checkpoint)
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
            f"'{checkpoint}' must be of this config, but {error}"
        ) from error
    model.load_state_dict(state, strict=False)
