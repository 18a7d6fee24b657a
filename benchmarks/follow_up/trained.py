"""One pair with the lesions that a trained detector finds in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.follow_up.measure import Found, counts, time_point
from benchmarks.follow_up.plan import SETTINGS, TRAINED_SIZE
from data_prep.phantom.follow_up.pair import make_pair
from data_prep.phantom.follow_up.settings import PairSettings
from mmuldor.apis import LesionDetector
from mmuldor.evaluation.volume_froc import IOU_THR
from mmuldor.functional.boxes_3d import rowwise_iou_3d
from mmuldor.scans.follow_up.follow import compare
from mmuldor.scans.follow_up.judging import judge
from mmuldor.scans.follow_up.registration import register
from mmuldor.scans.lesions import Lesion

TRAINED_SETTINGS = replace(SETTINGS, size=TRAINED_SIZE)


def measure_trained(
    seed: int,
    detector: LesionDetector,
    settings: PairSettings = TRAINED_SETTINGS,
) -> dict[str, Any]:
    """The figures of a pair.

    Returns:
        ``seed``, ``lesions`` of both scans, ``found`` ones of them,
        ``false_positives`` in both scans, and ``result``, the counts of
        :func:`benchmarks.follow_up.measure.counts`.
    """
    pair = make_pair(seed, settings)
    volumes = pair.baseline, pair.follow_up
    truths = pair.in_baseline, pair.in_follow_up
    sides = [
        found_in(detector.detect(volume), lesions)
        for volume, lesions in zip(volumes, truths, strict=True)
    ]
    found, quality = judge(register(*volumes))
    points = [
        time_point(volume, side)
        for volume, side in zip(volumes, sides, strict=True)
    ]
    followed = compare(*points, found, quality, [])
    hits = [{f.true for f in side if f.true is not None} for side in sides]
    return {
        'seed': seed,
        'lesions': sum(lesion is not None for t in truths for lesion in t),
        'found': sum(map(len, hits)),
        'false_positives': sum(f.true is None for s in sides for f in s),
        'result': counts(pair, sides, followed),
    }


def found_in(
    detections: Sequence[Lesion], lesions: Sequence[Lesion | None]
) -> list[Found]:
    """Each detection with the lesion that it overlaps most.

    Args:
        detections: What was found in a scan.
        lesions: The scan's true lesions; None for those that are not in it.

    Returns:
        As many as `detections`; a hit is a 3-D IoU of at least `IOU_THR`.
    """
    there = [k for k, lesion in enumerate(lesions) if lesion is not None]
    boxes = np.array([x.box_mm for x in lesions if x is not None])
    found = []
    for detection in detections:
        own = np.broadcast_to(detection.box_mm, boxes.shape)
        ious = rowwise_iou_3d(own, boxes)
        hit = ious.size and ious.max() >= IOU_THR
        true = there[int(ious.argmax())] if hit else None
        found.append(Found(true, detection))
    return found
