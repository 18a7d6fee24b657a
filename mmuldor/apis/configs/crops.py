"""Check where the pipelines of a config crop to the body."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mmengine.config import Config

from mmuldor.apis.configs.parts import parts_of, type_name

_CROP = 'CropToBody'
# What comes after it: it reads HU of slices as they were, and moves instances.
_AFTER = {
    *('WindowHU', 'RandomWindowHU', 'LoadAnnotations', 'PackDetInputs'),
    *('ResizeToSpacing', 'RandomResizeToSpacing', 'Resize', 'RandomResize'),
    *('RandomFlip', 'RandomCrop', 'RandomAffine', 'Pad'),
}
# What the detector needs to move its predictions back.
_META_KEYS = ('crop_bbox', 'whole_shape')


def check_crops(config: Config) -> None:
    """Raise ValueError where a pipeline would crop wrongly.

    Predictions would come out in another frame, without a word, if the place
    of the crop were not packed.
    """
    for path, steps in _pipelines(config):
        names = [type_name(step) for step in steps]
        place = names.index(_CROP)
        wrong = _AFTER.intersection(names[:place])
        if wrong or 'LoadCTSlices' not in names[:place]:
            raise ValueError(
                f"config '{config.filename}': `{path}` must crop directly "
                f'after LoadCTSlices, but has {names[:place]} before '
                f'{_CROP}. It reads HU of slices as they are, and moves '
                'no boxes of LoadAnnotations.'
            )
        if names.count(_CROP) > 1:
            raise ValueError(
                f"config '{config.filename}': `{path}` must crop once, but "
                f'has {_CROP} {names.count(_CROP)} times.'
            )
        for step, name in zip(steps, names, strict=True):
            lacking = set(_META_KEYS).difference(step.get('meta_keys', ()))
            if name == 'PackDetInputs' and lacking:
                raise ValueError(
                    f"config '{config.filename}': `meta_keys` of "
                    f'PackDetInputs in `{path}` must have {_META_KEYS} after '
                    f'{_CROP}, but lacks {sorted(lacking)}: predictions would '
                    'not move back to the whole slice.'
                )


def _pipelines(
    config: Config,
) -> Iterator[tuple[str, Sequence[dict[str, Any]]]]:
    """Key path and steps of each pipeline that crops."""
    for path, value in parts_of(dict(config.items())):
        if isinstance(value, (list, tuple)):
            steps = [step for step in value if isinstance(step, dict)]
            if _CROP in map(type_name, steps):
                yield path, steps
