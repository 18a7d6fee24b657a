"""Test-time augmentation of any config."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.config import Config

# The first and the last transform of a supported test pipeline.
_LOAD, _PACK = 'mmuldor.LoadCTSlices', 'PackDetInputs'


def average_views(config: Config) -> None:
    """Average a config's test over the views of its ``tta``.

    Args:
        config: From :func:`mmuldor.apis.load_config`; ``model`` and the test
            pipeline are changed in place. ``tta`` has ``flips``
            ('horizontal', 'vertical', 'diagonal'; the unflipped image is
            always used, too), ``slice_offsets_mm`` (0 is the key slice) and
            ``iou_thr``.

    Raises:
        ValueError: If the config has no ``tta``, or its test pipeline does
            not start with LoadCTSlices and end with PackDetInputs.
    """
    views = config.get('tta')
    if not views:
        raise ValueError(
            "averaging over views needs `tta = dict(flips=['horizontal'], "
            'slice_offsets_mm=[-1.0, 0.0, 1.0])` in the config.'
        )
    dataset = config.test_dataloader.dataset
    dataset.pipeline = view_pipeline(
        dataset.pipeline,
        views.get('flips', ()),
        views.get('slice_offsets_mm', (0.0,)),
    )
    config.model = dict(
        type='mmuldor.ViewAveraging',
        module=config.model,
        iou_thr=views.get('iou_thr', 0.5),
    )


def view_pipeline(
    pipeline: Sequence[dict],
    flips: Sequence[str],
    slice_offsets_mm: Sequence[float],
) -> list[dict]:
    """A test pipeline that packs every combination of flip and offset."""
    steps = [step['type'] for step in pipeline]
    if steps[:1] != [_LOAD] or steps[-1] != _PACK:
        raise ValueError(
            f'averaging over views needs a test pipeline from {_LOAD} to '
            f'{_PACK}, but got {steps}.'
        )
    offsets = [
        dict(type='mmuldor.SliceOffset', mm=mm) for mm in slice_offsets_mm
    ]
    flip_steps = [dict(type='RandomFlip', prob=0.0)] + [
        dict(type='RandomFlip', prob=1.0, direction=direction)
        for direction in flips
    ]
    middle = [[step] for step in pipeline[:-1]]
    return [
        dict(
            type='TestTimeAug',
            transforms=[offsets, *middle, flip_steps, [pipeline[-1]]],
        )
    ]
