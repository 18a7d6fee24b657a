"""RECIST 1.1 arithmetic on the sum of target diameters; not a diagnosis.

Two time points: the baseline is also the nadir. What RECIST leaves to a
reader's judgement is not computed: progression of lesions that are no targets,
and whether a new lesion is unequivocal.

Source: Eisenhauer et al., Eur. J. Cancer 2009, sections 4.3 and 4.4, tables 1
and 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Of the sum: partial response, progression, and its least growth.
PARTIAL_PERCENT, PROGRESSION_PERCENT, PROGRESSION_MM = -30.0, 20.0, 5.0
# A node of a smaller short axis is normal.
NORMAL_NODE_MM = 10.0
# 21 / 30 - 1 is -30 % but for rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class TargetSize:
    """A target lesion at both time points.

    Attributes:
        baseline_mm: Its diameter.
        follow_up_mm: 0 if it is gone, None if it could not be measured.
        is_node: Whether it is a lymph node.
    """

    baseline_mm: float
    follow_up_mm: float | None
    is_node: bool = False


@dataclass(frozen=True)
class Response:
    """The result of the arithmetic.

    Attributes:
        baseline_mm: Sum of the target diameters; None without targets.
        follow_up_mm: The same at follow-up; None if one was not measured.
        change_mm: Growth of the sum.
        change_percent: Growth of the sum in % of the baseline.
        targets: CR, PR, SD, PD, or NE if one was not measured; None without
            targets.
        overall: The same with the other lesions and new ones; 'non-CR/non-PD'
            without targets; None if there was no lesion at all.
        reasons: Why, one short sentence each.
    """

    baseline_mm: float | None
    follow_up_mm: float | None
    change_mm: float | None
    change_percent: float | None
    targets: str | None
    overall: str | None
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class OtherLesions:
    """Lesions that are no targets.

    Attributes:
        left: Of the baseline, still there.
        gone: Of the baseline, vanished.
        unknown: Of the baseline, uncertain or outside of the follow-up.
        new: Of the follow-up, new.
        maybe_new: Of the follow-up, uncertain or outside of the baseline.
    """

    left: int = 0
    gone: int = 0
    unknown: int = 0
    new: int = 0
    maybe_new: int = 0


def response(targets: Sequence[TargetSize], others: OtherLesions) -> Response:
    """The response of two time points.

    Args:
        targets: The target lesions.
        others: All other lesions.

    Raises:
        ValueError: If a target has no size at baseline.
    """
    if any(not target.baseline_mm > 0 for target in targets):
        raise ValueError(
            'a target must have a diameter above 0 mm at baseline, but got '
            f'{min(target.baseline_mm for target in targets)}.'
        )
    reasons: list[str] = []
    baseline = after = change = percent = category = None
    if targets:
        baseline = sum(target.baseline_mm for target in targets)
        sizes = [target.follow_up_mm for target in targets]
        known = [size for size in sizes if size is not None]
        change = sum(known) - baseline
        percent = 100 * change / baseline
        category = _of_targets(targets, change, percent, reasons)
        if len(known) < len(sizes):
            change = percent = None
        else:
            after = sum(known)
    overall = _overall(category, others, reasons)
    return Response(
        baseline, after, change, percent, category, overall, tuple(reasons)
    )


def _of_targets(
    targets: Sequence[TargetSize],
    change: float,
    percent: float,
    reasons: list[str],
) -> str:
    """Category of the targets; `change` and `percent` of those measured."""
    grown = percent >= PROGRESSION_PERCENT - _ROUNDING
    if grown and change >= PROGRESSION_MM - _ROUNDING:
        reasons.append(f'the sum grew by {change:.1f} mm, {percent:.1f} %')
        return 'PD'
    lost = sum(target.follow_up_mm is None for target in targets)
    if lost:
        reasons.append(f'{lost} of {len(targets)} targets not measured')
        return 'NE'
    if all(map(_has_vanished, targets)):
        reasons.append('all targets vanished')
        return 'CR'
    if percent <= PARTIAL_PERCENT + _ROUNDING:
        reasons.append(f'the sum shrank by {-percent:.1f} %')
        return 'PR'
    # Adding 0 makes 0 of -0.
    mm, share = round(change, 1) + 0.0, round(percent, 1) + 0.0
    reasons.append(f'the sum changed by {mm:.1f} mm, {share:.1f} %')
    return 'SD'


def _has_vanished(target: TargetSize) -> bool:
    size = target.follow_up_mm
    if size is None:
        return False
    return size < NORMAL_NODE_MM if target.is_node else size == 0


def _overall(
    category: str | None, others: OtherLesions, reasons: list[str]
) -> str | None:
    """Tables 1 and 2 of RECIST 1.1, without a reader's judgement."""
    if others.new:
        reasons.append(_count(others.new, 'new lesion'))
        return 'PD'
    if others.maybe_new:
        reasons.append(_count(others.maybe_new, 'lesion') + ' may be new')
    if category is None:
        return _without_targets(others, reasons)
    if category == 'CR' and others.left + others.unknown:
        left = _count(others.left + others.unknown, 'other lesion')
        reasons.append(f'{left} not known to be gone')
        return 'PR'
    return category


def _without_targets(others: OtherLesions, reasons: list[str]) -> str | None:
    if not others.left + others.gone + others.unknown:
        return None
    reasons.append('no lesion is large enough for a target')
    if others.unknown:
        reasons.append(_count(others.unknown, 'lesion') + ' not assessed')
        return 'NE'
    return 'non-CR/non-PD' if others.left else 'CR'


def _count(number: int, what: str) -> str:
    return f'{number} {what}{"" if number == 1 else "s"}'
