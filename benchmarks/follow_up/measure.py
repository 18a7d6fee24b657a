"""One pair made, registered and matched, and compared with the truth."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from benchmarks.follow_up.plan import DETECTORS, SETTINGS, Detector
from data_prep.phantom.follow_up.pair import ScanPair, make_pair
from data_prep.phantom.follow_up.settings import PairSettings
from mmuldor.scans.follow_up.follow import compare
from mmuldor.scans.follow_up.judging import judge
from mmuldor.scans.follow_up.registration import Registration, register
from mmuldor.scans.follow_up.result import FollowUp, TimePoint
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.volume import Volume


@dataclass(frozen=True)
class Found:
    """A detection, and what it is of.

    Attributes:
        true: Index of the lesion in the pair; None for a false positive.
        lesion: What was detected.
    """

    true: int | None
    lesion: Lesion


def measure(
    seed: int,
    settings: PairSettings = SETTINGS,
    detectors: Sequence[Detector] = DETECTORS,
) -> dict[str, Any]:
    """The figures of a pair.

    Returns:
        ``seed``, how the patient moved, ``seconds`` (of the processor and of
        the clock, from voxels to matches), quality of the registration,
        ``errors_mm`` of the lesions' expected places, and by the name of each
        detector the counts of :func:`counts`.
    """
    pair = make_pair(seed, settings)
    clock, processor = time.monotonic(), time.process_time()
    found = register(pair.baseline, pair.follow_up)
    found, quality = judge(found)
    times = {
        'clock': round(time.monotonic() - clock, 2),
        'processor': round(time.process_time() - processor, 2),
    }
    results = {}
    for number, detector in enumerate(detectors):
        rng = np.random.default_rng((seed, 7, number))
        sides = [
            detected(rng, lesions, volume, found, detector)
            for lesions, volume in (
                (pair.in_baseline, pair.baseline),
                (pair.in_follow_up, pair.follow_up),
            )
        ]
        points = [
            time_point(volume, side)
            for volume, side in zip(
                (pair.baseline, pair.follow_up), sides, strict=True
            )
        ]
        followed = compare(*points, found, quality, [])
        results[detector.name] = counts(pair, sides, followed)
    facts = pair.facts()
    return {
        'seed': seed,
        **{k: facts[k] for k in ('shift_mm', 'rotation_deg', 'breath_mm')},
        'seconds': times,
        'problem': quality.problem,
        'quality': {
            name: np.round(value, 4).tolist()
            for name, value in asdict(quality).items()
        },
        'errors_mm': errors_mm(pair, found),
        'results': results,
    }


def errors_mm(pair: ScanPair, found: Registration) -> list[float]:
    """Distance of each pair's follow-up lesion from its expected place."""
    errors = []
    for first, second in zip(pair.in_baseline, pair.in_follow_up, strict=True):
        if first is not None and second is not None:
            there = found.to_follow_up(first.center_lps_mm[None])[0]
            away = float(np.linalg.norm(there - second.center_lps_mm))
            errors.append(round(away, 2))
    return errors


def detected(
    rng: np.random.Generator,
    lesions: Sequence[Lesion | None],
    volume: Volume,
    found: Registration,
    detector: Detector,
) -> list[Found]:
    """What a detector is simulated to find in a scan."""
    seen = []
    for index, lesion in enumerate(lesions):
        if lesion is not None and rng.random() < detector.sensitivity:
            seen.append(Found(index, _jittered(rng, lesion, detector)))
    coarse = found.baseline
    if volume.source != 'baseline':
        coarse = found.follow_up
    body = np.argwhere(coarse.body)
    for _ in range(rng.poisson(detector.false_positives)):
        at = body[rng.integers(len(body))][::-1]
        center = coarse.affine[:3, :3] @ at + coarse.affine[:3, 3]
        seen.append(Found(None, _ball(volume, center, rng.uniform(8, 30))))
    return seen


def _jittered(
    rng: np.random.Generator, lesion: Lesion, detector: Detector
) -> Lesion:
    factor = float(np.exp(rng.normal(0, detector.size)))
    shift = rng.normal(0, detector.center_mm, 3)
    assert lesion.volume_ml is not None
    return replace(
        lesion,
        center_lps_mm=lesion.center_lps_mm + shift,
        volume_ml=lesion.volume_ml * factor**3,
    )


def _ball(volume: Volume, center: np.ndarray, diameter_mm: float) -> Lesion:
    """A detection of a diameter, as large along all axes."""
    index = np.linalg.solve(
        volume.affine[:3, :3], center - volume.affine[:3, 3]
    )
    middle = index * np.array(volume.spacing_mm)
    half = diameter_mm / 2
    return Lesion(
        0.5,
        int(np.clip(round(index[2]), 0, len(volume.hu) - 1)),
        np.concatenate([middle - half, middle + half]),
        center,
        diameter_mm,
        diameter_mm,
        None,
        np.pi / 6000 * diameter_mm**3,
        [],
    )


def time_point(volume: Volume, side: Sequence[Found]) -> TimePoint:
    """A scan with what was found in it, as a follow-up takes it."""
    lesions = [found.lesion for found in side]
    records = [
        {
            'number': number,
            'tracking_uid': f'1.{number}',
            'lesion_type': lesion.lesion_type,
            'long_mm': lesion.long_mm,
            'short_mm': lesion.short_mm,
        }
        for number, lesion in enumerate(lesions, start=1)
    ]
    return TimePoint(volume.source, volume, lesions, records, {})


def counts(
    pair: ScanPair, sides: Sequence[Sequence[Found]], followed: FollowUp
) -> dict[str, int]:
    """Matches compared with the truth.

    Returns:
        ``pairs`` that were found in both scans, ``matched`` of them,
        ``uncertain`` of them; ``matches`` made and ``wrong`` ones of these;
        lesions found in one scan alone and not there in the other
        (``lone``), and those called new or gone (``lone_right``).
    """
    true = [{f.true for f in side if f.true is not None} for side in sides]
    both = true[0] & true[1]
    right, matches, lone_right, unsure = 0, 0, 0, set()
    for row in followed.pairs:
        ends = [
            None if index is None else side[index].true
            for index, side in zip(
                (row.baseline, row.follow_up), sides, strict=True
            )
        ]
        if row.status == 'matched':
            matches += 1
            right += ends[0] is not None and ends[0] == ends[1]
        elif row.status == 'uncertain':
            unsure |= set(ends) & both
        elif row.status in ('new', 'gone'):
            index = ends[0] if row.status == 'gone' else ends[1]
            lone_right += index is not None and _is_lone(pair, index)
    lone = sum(_is_lone(pair, k) for k in true[0] ^ true[1])
    return {
        'pairs': len(both),
        'matched': right,
        'uncertain': len(unsure),
        'matches': matches,
        'wrong': matches - right,
        'lone': lone,
        'lone_right': lone_right,
    }


def _is_lone(pair: ScanPair, index: int) -> bool:
    """Whether a lesion vanished or is new, rather than outside or missed."""
    lesion = pair.lesions[index]
    return lesion.baseline is None or lesion.follow_up is None
