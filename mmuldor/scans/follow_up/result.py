"""A follow-up in memory: two time points, pairs of lesions, arithmetic."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmuldor.functional.arrays import Floats
from mmuldor.functional.follow_up.matching import MATCHED, LesionPair
from mmuldor.functional.follow_up.quality import Quality
from mmuldor.functional.follow_up.response import Response
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.volume import Volume

_UID = re.compile(r'(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+')
_NAMESPACE = uuid.UUID('6f0c9a3e-4c1b-5e0a-9d52-0b5ea0d7c1f4')


@dataclass(frozen=True, eq=False)
class TimePoint:
    """A scan with the lesions that were found in it.

    Attributes:
        folder: Results folder, which holds ``lesions.json``.
        volume: The scan.
        lesions: Its lesions, without masks.
        records: Their entries of ``lesions.json``, without the detections;
            ``number`` and ``tracking_uid`` are always there.
        series: ``study_uid``, ``series_uid`` and ``frame_of_reference_uid``;
            None unless the scan is DICOM.
        notes: What was noted about scan and results.
        provenance: How the lesions were found, as ``lesions.json`` says.
    """

    folder: str
    volume: Volume
    lesions: Sequence[Lesion]
    records: Sequence[dict[str, Any]]
    series: dict[str, str | None]
    notes: Sequence[str] = ()
    provenance: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Place:
    """Where a lesion is expected in the other scan.

    Attributes:
        center_lps_mm: Patient coordinates of that scan, (3,).
        index: Column, row and slice there, not rounded, (3,).
        inside: Whether that is in its field of view.
    """

    center_lps_mm: Floats
    index: Floats
    inside: bool


@dataclass(frozen=True, eq=False)
class SliceMap:
    """Slices of the two scans that show the same place.

    Attributes:
        to_follow_up: For each slice of the baseline the slice of the
            follow-up, not rounded; NaN if that is outside, (slices,).
        to_baseline: The reverse.
    """

    to_follow_up: Floats
    to_baseline: Floats


@dataclass(frozen=True, eq=False)
class FollowUp:
    """The result of a follow-up.

    Attributes:
        baseline: The first scan.
        follow_up: The second scan.
        rigid_lps: (4, 4), maps patient coordinates of the baseline to those
            of the follow-up, without the deformation.
        quality: What was measured after the registration.
        problem: Why the registration failed; '' if it did not. All lesions
            are uncertain if it did.
        error_mm: Assumed standard deviation of the registration's error.
        pairs: A row for each pair and each lesion without partner; lesions
            are indices in the lists of both time points.
        in_follow_up: Where each baseline lesion is expected; None for all if
            the registration failed.
        in_baseline: Where each follow-up lesion is expected.
        slices: Slices that belong together.
        targets: Indices of the target lesions of the baseline.
        response: RECIST 1.1 arithmetic.
        notes: What is doubtful about the pair of scans.
    """

    baseline: TimePoint
    follow_up: TimePoint
    rigid_lps: Floats
    quality: Quality
    problem: str
    error_mm: float
    pairs: Sequence[LesionPair]
    in_follow_up: Sequence[Place | None]
    in_baseline: Sequence[Place | None]
    slices: SliceMap
    targets: Sequence[int]
    response: Response
    notes: Sequence[str] = ()

    def tracking_uids(self) -> tuple[list[str], list[str]]:
        """UIDs of the lesions of both scans; those of a match are equal.

        A matched lesion of the follow-up has the UID of the baseline's.
        """
        first, second = (
            [record['tracking_uid'] for record in point.records]
            for point in (self.baseline, self.follow_up)
        )
        for pair in self.pairs:
            if pair.status == MATCHED:
                assert pair.baseline is not None
                assert pair.follow_up is not None
                second[pair.follow_up] = first[pair.baseline]
        return first, second


def tracking_uid(stated: Any, scan: str, number: int, box_mm: Any) -> str:
    """The tracking UID of a lesion.

    Args:
        stated: What ``lesions.json`` says; files of earlier versions say
            nothing.
        scan: SeriesInstanceUID or path of the scan.
        number: Number of the lesion.
        box_mm: Its box.

    Returns:
        `stated` if it is a UID, else one that depends on the others alone, so
        that each run gives the same.
    """
    if (
        isinstance(stated, str)
        and len(stated) <= 64
        and _UID.fullmatch(stated)
    ):
        return stated
    box = ' '.join(f'{v:.3f}' for v in np.asarray(box_mm, dtype=float))
    name = uuid.uuid5(_NAMESPACE, f'{scan} {number} {box}')
    return f'2.25.{name.int}'
