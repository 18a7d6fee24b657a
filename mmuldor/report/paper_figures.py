"""The paper's figures, each from files: 2, 3, 4 and 5."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from mmuldor.evaluation.comparison.official_split import literature_beside
from mmuldor.evaluation.comparison.published import select_published
from mmuldor.evaluation.froc_plot import froc_figure
from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.runs import load_runs
from mmuldor.io.annotations import load_annotations
from mmuldor.mining.bank import load_bank
from mmuldor.report.mined_figure import mined_figure
from mmuldor.report.phantom_truth import load_outlines
from mmuldor.report.pseudo_mask_figure import pseudo_mask_figure
from mmuldor.report.side_by_side import side_by_side_figure
from mmuldor.visualization.examples import with_existing_images

PathLike = str | os.PathLike


def pseudo_masks(
    ann: PathLike,
    images: PathLike,
    truth: PathLike | None = None,
    **choice: int,
) -> Figure:
    """Fig. 2: pseudo masks over CT with the diameters.

    Args:
        ann: Annotation JSON.
        images: Folder of its images.
        truth: The true masks of a phantom, drawn white.
        choice: `count` and `seed` of `pseudo_mask_figure`.
    """
    document = with_existing_images(load_annotations(ann), ann, Path(images))
    outlines = load_outlines(truth, document) if truth else None
    return pseudo_mask_figure(document, images, outlines=outlines, **choice)


def mined(
    ann: PathLike, images: PathLike, bank: PathLike, **choice: int
) -> Figure:
    """Fig. 3: what a round of HNEM mined, with S1/S2.

    Args:
        ann: Annotation JSON that was mined.
        images: Folder of its images.
        bank: Bank file of the round.
        choice: `count` and `seed` of `mined_figure`.
    """
    document = with_existing_images(load_annotations(ann), ann, Path(images))
    return mined_figure(load_bank(bank), document, images, **choice)


def side_by_side(
    ann: PathLike,
    images: PathLike,
    runs: Mapping[str, PathLike],
    *,
    fps_per_image: float = 2.0,
    count: int = 4,
    seed: int = 0,
) -> Figure:
    """Fig. 4: the detections of several methods with their scores.

    Args:
        ann: Annotation JSON of the tested split.
        images: Folder of its images.
        runs: Results file by name.
        fps_per_image: The operating point of every method.
        count: Number of images.
        seed: Of the choice.
    """
    document = load_annotations(ann)
    truth = GroundTruth.of(document, ann)
    loaded = load_runs(truth, runs)
    document = with_existing_images(document, ann, Path(images))
    return side_by_side_figure(
        document,
        images,
        truth,
        loaded,
        fps_per_image=fps_per_image,
        rows=count,
        seed=seed,
    )


def froc(
    ann: PathLike,
    runs: Mapping[str, PathLike],
    *,
    with_fp: Iterable[str] = (),
    published: Sequence[str] = ('none',),
    published_anyway: bool = False,
    lesion_category: Sequence[str] | None = None,
    say: Callable[[str], object] = warnings.warn,
) -> Figure:
    """Fig. 5: FROC curves, beside published points.

    Args:
        ann: Annotation JSON of the tested split.
        runs: Results file by name.
        with_fp: Names of runs that get a curve ``NAME + FP`` too.
        published: Keys of :mod:`mmuldor.evaluation.comparison.published`;
            their points are drawn if the images are DeepLesion's official
            test split.
        published_anyway: Draw them beside curves of other images too.
        lesion_category: Names or ids of the categories of lesions, where the
            annotation file has several.
        say: Gets a sentence where published points are left out, or are of
            other images.
    """
    # Before large files are read.
    select_published(list(published))
    document = load_annotations(
        ann, boxes_only=True, lesion_category=lesion_category
    )
    truth = GroundTruth.of(document, ann)
    literature = literature_beside(
        published, document, truth, anyway=published_anyway
    )
    loaded = load_runs(truth, runs, with_fp)
    note = literature.note if literature.differs else ''
    if note:
        say(note)
    return froc_figure(
        {run.name: run.evaluation.curve for run in loaded},
        published=literature.points,
        note=note,
    )
