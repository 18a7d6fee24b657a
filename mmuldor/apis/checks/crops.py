"""What a pipeline's crop to the body keeps of the slices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from mmcv.transforms import BaseTransform, Compose
from mmengine.config import Config

from mmuldor.apis.checks.model import CheckResult
from mmuldor.datasets.transforms.crop_to_body import CropToBody, lesions_cut


def steps_to_crop(
    pipeline: Iterable[BaseTransform],
) -> list[BaseTransform]:
    """The steps of a pipeline up to its crop; none without one."""
    steps = list(pipeline)
    for number, step in enumerate(steps):
        if isinstance(step, CropToBody):
            return steps[: number + 1]
    return []


def check_crop(
    config: Config,
    pipeline: Iterable[BaseTransform],
    infos: Sequence[Mapping],
) -> Iterator[CheckResult]:
    """Pixels that the crop leaves, and lesions that it cuts.

    Args:
        config: Its test pipeline should crop as the training does.
        pipeline: Transforms of training.
        infos: Items of the dataset for some images.
    """
    steps = steps_to_crop(pipeline)
    tested = config.test_dataloader.dataset.get('pipeline') or ()
    in_test = any(
        str(step.get('type')).endswith('CropToBody') for step in tested
    )
    if bool(steps) != in_test:
        yield CheckResult(
            'warning',
            'CropToBody is in the '
            f'{"test" if in_test else "training"} pipeline alone: the model '
            'is tested on other images than it learns from.',
        )
    if not steps or not infos:
        return
    prepare = Compose(steps)
    kept, cut, lesions = [], 0, 0
    for info in infos:
        found = prepare(dict(info))
        kept.append(
            math.prod(found['img_shape']) / math.prod(found['whole_shape'])
        )
        cut += lesions_cut(info['instances'], found)
        lesions += sum(not i['ignore_flag'] for i in info['instances'])
    text = (
        f'CropToBody keeps {np.mean(kept):.0%} of the pixels '
        f'({min(kept):.0%} to {max(kept):.0%}, {len(infos)} images) and cuts '
        f'{cut} of {lesions} lesions'
    )
    if cut:
        text += '. See whether their boxes are right, or raise `margin_mm`'
    yield CheckResult('warning' if cut else 'ok', text)
