"""Check that training and validation make images in the same way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmengine.config import Config

from mmuldor.apis.configs.parts import parts_of, type_name

# Arguments that decide what a model sees, with their defaults.
_ARGUMENTS: dict[str, dict[str, Any]] = {
    'LoadCTSlices': {
        'num_slices': 3,
        'slice_interval_mm': None,
        'keep_thicker': False,
    },
    'CropToBody': {'margin_mm': 10.0},
    'WindowHU': {'windows': [[-1024, 3071]]},
    # Not `max_size`: a validation may well keep what is larger.
    'ResizeToSpacing': {'spacing_mm': 0.8},
}
# What augments a step, and has its arguments.
_AUGMENTED = {
    'RandomWindowHU': 'WindowHU',
    'RandomResizeToSpacing': 'ResizeToSpacing',
}


def check_same_images(config: Config) -> None:
    """Raise ValueError where a validation or test sees other images.

    Other windows or slices than in the training would not be noticed but by
    their results, or in the first iteration. A step that only one of the
    pipelines has may be one that augments, and is not compared.

    Args:
        config: Of a training.
    """
    trained = list(_steps(config.get('train_dataloader'), 'train_dataloader'))
    for key in ('val_dataloader', 'test_dataloader', 'val_loss_pipeline'):
        for other in _steps(config.get(key), key):
            for step in trained:
                _compare(step, other)


def _compare(
    trained: tuple[str, str, dict], other: tuple[str, str, dict]
) -> None:
    """Raise ValueError if a step of one name has two values."""
    (path, name, wanted), (other_path, other_name, found) = trained, other
    for word in wanted if name == other_name else ():
        if wanted[word] != found[word]:
            raise ValueError(
                f'`{path}.{word}` is {wanted[word]}, but '
                f'`{other_path}.{word}` is {found[word]}: the model would be '
                'trained on other images than it is evaluated on. Set both.'
            )


def _steps(value: Any, path: str) -> Iterator[tuple[str, str, dict]]:
    """Path, name and compared arguments of each step at or below a value."""
    chosen: list[str] = []
    for place, part in parts_of(value, path):
        if not isinstance(part, dict) or place.startswith(tuple(chosen)):
            continue
        name = type_name(part)
        name = _AUGMENTED.get(name, name)
        if name in _ARGUMENTS:
            values = {**_ARGUMENTS[name], **part}
            yield place, name, {k: _plain(values[k]) for k in _ARGUMENTS[name]}
        elif name.startswith('Random'):
            # RandomChoice and RandomApply: not all of these steps are done.
            chosen.append(f'{place}.transforms.')


def _plain(value: Any) -> Any:
    """Tuples as lists, however deep."""
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value
