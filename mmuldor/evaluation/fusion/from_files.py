"""Fuse results files, and tune it on those of a validation split."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mmuldor.evaluation.fusion.fused_results import (
    fuse_inputs,
    other_images_note,
    scale_note,
)
from mmuldor.evaluation.fusion.inputs import (
    Input,
    Progress,
    read_inputs,
)
from mmuldor.evaluation.fusion.score_maps import NONE
from mmuldor.evaluation.fusion.settings import (
    Settings,
    write_settings,
)
from mmuldor.evaluation.fusion.tuning import tune
from mmuldor.evaluation.ground_truth import (
    GroundTruth,
    file_names,
    patients_of,
)
from mmuldor.evaluation.results import write_results
from mmuldor.io.annotations import check_annotations, load_annotations
from mmuldor.io.json_files import read_json


@dataclass(frozen=True)
class Choices:
    """What of results files is fused, and what is said of it.

    Attributes:
        boxes_only: Leave out the masks.
        lesion_only: Leave out the false-positive class.
        say: Takes lines on what was found.
        progress: Wraps loops; gets the items and what is done.
    """

    boxes_only: bool = False
    lesion_only: bool = False
    say: Callable[[str], object] = str
    progress: Progress = lambda items, _: items


def tune_files(
    texts: Sequence[str],
    ann: str | os.PathLike,
    out: str | os.PathLike | None = None,
    choices: Choices | None = None,
    lesion_category: Sequence[str] | None = None,
) -> Settings:
    """Tune a fusion on results for a validation split.

    Args:
        texts: See `mmuldor.evaluation.fusion.inputs.read_inputs`.
        ann: Annotation file of the split.
        out: The settings file to write.
        choices: What is said of it; masks and the FP class play no part.
        lesion_category: Names or ids of the categories of lesions, where the
            annotation file has several.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is wrong, or files do not fit together.
    """
    choices = choices or Choices()
    document = load_annotations(
        ann, boxes_only=True, lesion_category=lesion_category
    )
    truth = GroundTruth.of(document, ann)
    inputs = read_inputs(
        texts,
        truth.names,
        truth.all_images.tolist(),
        boxes_only=True,
        lesion_only=True,
        progress=choices.progress,
    )
    settings = tune(inputs, truth, patients_of(document, truth), choices.say)
    tuning = settings.tuning
    best = max(tuning['alone'], key=tuning['alone'].get)
    choices.say(
        f'tuned on {tuning["images"]:,} images: '
        f'{100 * tuning["tuned"]:.2f} %, {best} alone '
        f'{100 * tuning["alone"][best]:.2f} %'
    )
    if out:
        write_settings(out, settings)
    return settings


def read_files(
    texts: Sequence[str],
    choices: Choices | None = None,
    ann: str | os.PathLike | None = None,
) -> list[Input]:
    """Read results files to fuse, and check that they fit together.

    Args:
        texts: See `mmuldor.evaluation.fusion.inputs.read_inputs`.
        choices: What is fused.
        ann: Annotation file of the images, to check their ids.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is wrong, or files do not fit together.
    """
    choices = choices or Choices()
    images = _images(ann) if ann else None
    return read_inputs(
        texts,
        file_names(images or []),
        None if images is None else [image['id'] for image in images],
        boxes_only=choices.boxes_only,
        lesion_only=choices.lesion_only,
        progress=choices.progress,
    )


def write_fused(
    out: str | os.PathLike,
    inputs: Sequence[Input],
    settings: Settings,
    choices: Choices | None = None,
    *,
    named: bool = False,
) -> Settings:
    """Fuse results and write them.

    Args:
        out: The results file to write.
        inputs: From `read_files`.
        settings: How.
        choices: What is said of it.
        named: See `Settings.for_names`.

    Returns:
        The settings in the order of the inputs.

    Raises:
        ValueError: The settings are for other detectors; nothing is written.
    """
    choices = choices or Choices()
    tuned_for = settings.names
    settings = settings.for_names([own.name for own in inputs], named)
    same_scale = settings.scores != NONE or bool(tuned_for)
    for note in (
        other_images_note(inputs),
        '' if same_scale else scale_note(inputs),
    ):
        if note:
            choices.say(f'note: {note}')
    for line in _lines(settings, tuned_for, [str(o.path) for o in inputs]):
        choices.say(line)
    results = fuse_inputs(inputs, settings, choices.progress)
    write_results(out, results)
    images = len({result['image_id'] for result in results})
    choices.say(
        f'wrote {len(results):,} detections on {images:,} images to {out}'
    )
    return settings


def _images(ann: str | os.PathLike) -> list[dict]:
    """The images of an annotation file, whatever its lesions are."""
    document = read_json(ann, '`--ann`')
    check_annotations(document, ann, boxes_only=True)
    images: list[dict] = document['images']
    return images


def _lines(
    settings: Settings, tuned_for: Sequence[str], paths: Sequence[str]
) -> list[str]:
    """Method and weights; the settings of which detector, where tuned."""
    lines = [
        f'{settings.method}, IoU {settings.iou_thr:g}, scores '
        f'{settings.scores}'
    ]
    for row, (name, path) in enumerate(
        zip(settings.names, paths, strict=True)
    ):
        of = ''
        if tuned_for and name not in tuned_for:
            of = f', tuned for {tuned_for[row]}'
        lines.append(
            f'  {name}: weight {settings.weights[row]:g}{of} ({path})'
        )
    return lines
