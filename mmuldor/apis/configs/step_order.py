"""Check the order of a pipeline's steps where a wrong one has wrong labels."""

from __future__ import annotations

from mmengine.config import Config

from mmuldor.apis.configs.parts import parts_of, type_name

_NO_LABELS = (
    'LoadAnnotations reads the instances, and what is added after it reaches '
    'no loss'
)
_IN_HU = 'lesions are pasted in HU'
# The first step, the second, and why the first must come before.
_ORDER = (
    ('RandomSlice', 'LoadCTSlices', 'the offset is drawn for it'),
    ('LoadCTSlices', 'CopyPasteLesions', 'lesions are pasted into slices'),
    ('RecistToMask', 'AddHardNegatives', 'mined examples have no diameters'),
    ('RecistToMask', 'CopyPasteLesions', 'lesions are pasted by their masks'),
    (
        'AddHardNegatives',
        'CopyPasteLesions',
        'a lesion would be pasted over a mined place, which has then two '
        'labels',
    ),
    ('CopyPasteLesions', 'WindowHU', _IN_HU),
    ('CopyPasteLesions', 'RandomWindowHU', _IN_HU),
    ('RecistToMask', 'LoadAnnotations', 'it reads the masks'),
    ('AddHardNegatives', 'LoadAnnotations', _NO_LABELS),
    ('CopyPasteLesions', 'LoadAnnotations', _NO_LABELS),
)


def check_step_order(config: Config) -> None:
    """Raise ValueError where a step stands behind one that must follow it.

    Most of these mistakes are silent: a training runs, and learns wrong
    labels. ``CropToBody`` has a check of its own,
    :func:`mmuldor.apis.configs.crops.check_crops`.
    """
    for path, value in parts_of(dict(config.items())):
        if not isinstance(value, (list, tuple)):
            continue
        names = [type_name(step) for step in value]
        for first, second, reason in _ORDER:
            if second in names and first in names[names.index(second) :]:
                raise ValueError(
                    f"config '{config.filename}': `{path}` must have {first} "
                    f'before {second}, but has the order {names}: {reason}. '
                    f'Move {first} before {second}.'
                )
