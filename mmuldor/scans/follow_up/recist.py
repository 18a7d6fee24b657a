"""RECIST 1.1 arithmetic on the pairs of a follow-up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mmuldor.functional.follow_up.matching import (
    GONE,
    MATCHED,
    NEW,
    OUTSIDE,
    UNCERTAIN,
    LesionPair,
)
from mmuldor.functional.follow_up.response import (
    OtherLesions,
    Response,
    TargetSize,
    response,
)
from mmuldor.functional.follow_up.targets import Diameters
from mmuldor.scans.follow_up.pair_records import rounded
from mmuldor.scans.follow_up.result import FollowUp, TimePoint


def assess(
    baseline: TimePoint,
    follow_up: TimePoint,
    pairs: Sequence[LesionPair],
    targets: Sequence[int],
) -> Response:
    """The response of two time points.

    Args:
        baseline: The first scan.
        follow_up: The second scan.
        pairs: Rows of its lesions.
        targets: Indices of the target lesions of the baseline.
    """
    rows = {pair.baseline: pair for pair in pairs}
    sizes = []
    for index in targets:
        lesion = diameters(baseline.records[index])
        before = lesion.along(lesion.axis)
        assert before is not None
        after = follow_up_size(follow_up, rows[index], lesion.axis)
        sizes.append(TargetSize(before, after, lesion.is_node))
    counts = Counter(
        pair.status
        for pair in pairs
        if pair.baseline is not None and pair.baseline not in targets
    )
    found = Counter(
        pair.status for pair in pairs if pair.follow_up is not None
    )
    others = OtherLesions(
        left=counts[MATCHED],
        gone=counts[GONE],
        unknown=counts[UNCERTAIN] + counts[OUTSIDE],
        new=found[NEW],
        maybe_new=found[UNCERTAIN] + found[OUTSIDE],
    )
    return response(sizes, others)


def recist_record(found: FollowUp) -> dict[str, Any]:
    """The object ``recist`` of ``follow_up.json``."""
    result = found.response
    rows = {pair.baseline: k for k, pair in enumerate(found.pairs, start=1)}
    targets = []
    for index in found.targets:
        pair = found.pairs[rows[index] - 1]
        record = found.baseline.records[index]
        axis = diameters(record).axis
        targets.append(
            {
                'pair': rows[index],
                'baseline_number': record['number'],
                'organ': record.get('lesion_type'),
                'axis': axis,
                'baseline_mm': record[f'{axis}_mm'],
                'follow_up_mm': follow_up_size(found.follow_up, pair, axis),
            }
        )
    return {
        'rule': 'RECIST 1.1',
        'targets': targets,
        'baseline_sum_mm': rounded(result.baseline_mm),
        'follow_up_sum_mm': rounded(result.follow_up_mm),
        'change_mm': rounded(result.change_mm),
        'change_percent': rounded(result.change_percent, 6),
        'target_response': result.targets,
        'overall_response': result.overall,
        'reasons': list(result.reasons),
    }


def diameters(record: Mapping[str, Any]) -> Diameters:
    """What RECIST asks of a lesion's record."""
    return Diameters(
        record.get('long_mm'),
        record.get('short_mm'),
        record.get('lesion_type'),
    )


def follow_up_size(
    point: TimePoint, pair: LesionPair, axis: str
) -> float | None:
    """The diameter of a target at follow-up; 0 if it is gone."""
    if pair.status == GONE:
        return 0.0
    if pair.status != MATCHED or pair.follow_up is None:
        return None
    return diameters(point.records[pair.follow_up]).along(axis)
