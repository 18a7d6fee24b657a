"""The results of several detectors as one list of results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mmuldor.classes import LESION_CATEGORY
from mmuldor.evaluation.fusion.inputs import Input, Progress
from mmuldor.evaluation.fusion.score_maps import NONE, RANK, rank_map
from mmuldor.evaluation.fusion.settings import Settings
from mmuldor.evaluation.results import Detections, to_results
from mmuldor.functional.boxes import rowwise_iou
from mmuldor.functional.fusion.fusing import Fused, fuse
from mmuldor.functional.fusion.mask_votes import voted_runs
from mmuldor.functional.fusion.pool import Pool
from mmuldor.io.run_length import encode_runs

# Scores at the same rate of detections differ by less in trainings of one
# detector: by 5 % in two of MULAN.
_SAME_SCALE = 2.0
# See `other_images_note`.
_MIN_IMAGES, _MIN_OVERLAP = 50, 0.15


def fuse_detections(
    tables: Sequence[Detections], settings: Settings
) -> tuple[Detections, Fused]:
    """Fuse the boxes and scores of detectors.

    Categories are fused apart. A detector of weight 0 is left out.

    Args:
        tables: Of each detector that `settings` name.
        settings: How; its ``maps`` are applied to the scores.

    Returns:
        The fused detections, by image id, category and descending score, and
        how the rows of all tables of a weight above 0, one after another,
        went into them.
    """
    used = [k for k, weight in enumerate(settings.weights) if weight > 0]
    parts = [tables[k] for k in used]
    scores = [
        settings.maps[k](tables[k].scores)
        if settings.maps
        else tables[k].scores
        for k in used
    ]
    whole = Detections.joined(parts)
    _, units = np.unique(
        np.stack([whole.image_ids, whole.categories], axis=1),
        axis=0,
        return_inverse=True,
    )
    pool = Pool.of(
        whole.boxes,
        np.concatenate(scores),
        np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
        # NumPy 2.0 alone gives them a second axis.
        units.reshape(-1),
    )
    fused = fuse(
        pool,
        [settings.weights[k] for k in used],
        method=settings.method,
        iou_thr=settings.iou_thr,
    )
    leaders = whole.select(fused.leaders)
    return replace(leaders, boxes=fused.boxes, scores=fused.scores), fused


def fuse_inputs(
    inputs: Sequence[Input],
    settings: Settings,
    progress: Progress = lambda items, _: items,
) -> list[dict[str, Any]]:
    """Fuse results files into a list of results.

    A mask is the vote of the masks of its group, weighted like the boxes;
    with ``nms`` and ``soft-nms`` it is that of the detection that stays. A
    `lesion_type` is that of the group's highest score, where all entries have
    one; a `file_name` stays.

    Args:
        inputs: Of each detector that `settings` name.
        settings: How.
        progress: Wraps the loop over images.

    Raises:
        ValueError: Scores are negative.
    """
    settings = with_ranks(inputs, settings)
    _check_scores(inputs, settings)
    found, fused = fuse_detections(
        [own.detections for own in inputs], settings
    )
    used = [
        own
        for own, weight in zip(inputs, settings.weights, strict=True)
        if weight > 0
    ]
    entries = [entry for own in used for entry in own.entries]
    leaders = [entries[row] for row in fused.leaders]
    names = {
        entry['image_id']: entry['file_name']
        for entry in entries
        if isinstance(entry.get('file_name'), str)
    }
    typed = all(isinstance(e.get('lesion_type'), str) for e in entries)
    rles = _masks(used, settings, fused, found)
    starts = np.flatnonzero(np.diff(found.image_ids, prepend=-1))
    results = []
    for start, stop in progress(
        list(zip(starts, [*starts[1:], len(found)], strict=True)),
        'writing results',
    ):
        part = slice(start, stop)
        image_id = int(found.image_ids[start])
        own = to_results(
            image_id,
            found.boxes[part],
            found.scores[part],
            found.categories[part],
            None if rles is None else rles[part],
            [e['lesion_type'] for e in leaders[part]] if typed else None,
        )
        if image_id in names:
            own = [{**e, 'file_name': names[image_id]} for e in own]
        results += own
    return results


def with_ranks(inputs: Sequence[Input], settings: Settings) -> Settings:
    """Settings whose maps of ranks are fitted on the results themselves.

    Those of settings that were tuned stay.
    """
    if settings.scores == NONE or settings.maps:
        return settings
    if settings.scores != RANK:
        raise ValueError(
            f'scores can be {settings.scores} only by settings that were '
            'tuned on a validation split.'
        )
    images = _number_of_images(inputs)
    maps = [rank_map(_lesion_scores(own.detections), images) for own in inputs]
    return replace(settings, maps=tuple(maps))


def _lesion_scores(found: Detections) -> np.ndarray:
    """Scores of the lesions; of all where there are none.

    A false-positive class that is often found would lower the ranks of the
    lesions of its detector, as it does not where settings are tuned.
    """
    lesions = found.categories == LESION_CATEGORY
    return found.scores[lesions] if lesions.any() else found.scores


def _number_of_images(inputs: Sequence[Input]) -> int:
    """Images on which any of the detectors has a detection."""
    ids = [own.detections.image_ids for own in inputs]
    return len(np.unique(np.concatenate(ids)))


def scale_note(inputs: Sequence[Input]) -> str:
    """A sentence if the detectors' scores are of different scales, else ''.

    Compared is the score that each detector has at one detection an image.
    """
    images = _number_of_images(inputs)
    at_one = {}
    for own in inputs:
        scores = np.sort(_lesion_scores(own.detections))[::-1]
        at_one[own.name] = float(scores[min(images, len(scores)) - 1])
    low, high = min(at_one.values()), max(at_one.values())
    if low > 0 and high <= _SAME_SCALE * low:
        return ''
    listed = ', '.join(f'{name} {score:.3g}' for name, score in at_one.items())
    return (
        'scores are of different scales (at one detection per image: '
        f'{listed}); `--scores rank` or `--tune` brings them to one.'
    )


def other_images_note(inputs: Sequence[Input]) -> str:
    """A sentence if results seem to be of other images, else ''.

    Ids count from 1 in many annotation files, so two splits may share them.
    The highest-scoring boxes of two trainings overlap on 85 % of the images,
    those on different images of the same ids on 3 %.
    """
    first, *others = (_highest(own.detections) for own in inputs)
    for own, highest in zip(inputs[1:], others, strict=True):
        _, rows, theirs = np.intersect1d(
            first.image_ids, highest.image_ids, return_indices=True
        )
        ious = rowwise_iou(first.boxes[rows], highest.boxes[theirs])
        share = float((ious >= 0.1).mean()) if len(ious) else 1.0
        if len(ious) >= _MIN_IMAGES and share < _MIN_OVERLAP:
            return (
                f'the highest-scoring boxes of {inputs[0].name} and '
                f'{own.name} overlap on only {100 * share:.0f} % of '
                f'{len(ious):,} images. Are both results of the same images?'
            )
    return ''


def _highest(table: Detections) -> Detections:
    """The detection of the highest score of each image."""
    order = np.lexsort((-table.scores, table.image_ids))
    _, first = np.unique(table.image_ids[order], return_index=True)
    return table.select(order[first])


def _check_scores(inputs: Sequence[Input], settings: Settings) -> None:
    if settings.scores != NONE:
        return
    for own in inputs:
        index = int(own.detections.scores.argmin())
        if own.detections.scores[index] < 0:
            raise ValueError(
                f'{own.path}: scores must be 0 or more to be averaged, but '
                f'one is {own.detections.scores[index]:g}. `--scores rank` '
                'takes any scores.'
            )


def _masks(
    inputs: Sequence[Input],
    settings: Settings,
    fused: Fused,
    found: Detections,
) -> list[dict[str, Any]] | None:
    """The masks of fused detections, as JSON; None without masks."""
    if inputs[0].runs is None:
        return None
    runs = [own for each in inputs for own in each.runs or ()]
    sizes = {k: v for each in inputs for k, v in each.sizes.items()}
    given = [e['segmentation'] for each in inputs for e in each.entries]
    rles = [given[row] for row in fused.leaders]
    if settings.method in ('wbf-one', 'wbf'):
        for index, own in _votes(runs, fused):
            size = sizes[int(found.image_ids[index])]
            (rles[index],) = encode_runs([own], *size)
    return rles


def _votes(
    runs: Sequence[np.ndarray], fused: Fused
) -> Iterator[tuple[int, np.ndarray]]:
    """Run lengths of the fused masks of groups of several, by number."""
    members = np.bincount(fused.group, minlength=len(fused.scores))
    order = np.argsort(fused.group, kind='stable')
    ends = np.cumsum(members)
    for index in np.flatnonzero(members > 1):
        rows = order[ends[index] - members[index] : ends[index]]
        yield index, voted_runs([runs[r] for r in rows], fused.weighted[rows])
