"""Tables of the replicated study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from benchmarks.replicates.plan import CLAIMS, MISSING
from benchmarks.replicates.results import Arm, Replicate, Tail, differences
from mmuldor.evaluation.comparison.inference import Estimate, holm, paired_t
from mmuldor.evaluation.comparison.sentences import p_text

ARM_NAMES = {
    'without_mask': 'w/o mask',
    'mask': 'mask',
    'sham': 'sham',
    'hnem': 'HNEM',
}
_RATES = (0.5, 1.0, 2.0, 4.0, 8.0)
# First and second arm of the differences that are reported without a test.
EXPLORATORY: tuple[tuple[Arm, Arm], ...] = (
    (('mask', 0), ('sham', 0)),
    (('mask', 0), ('hnem', 0)),
    (('mask', MISSING), ('sham', MISSING)),
    (('mask', MISSING), ('hnem', MISSING)),
    (('mask', 0), ('mask', MISSING)),
    (('sham', 0), ('sham', MISSING)),
    (('hnem', 0), ('hnem', MISSING)),
)


def arm_name(arm: Arm) -> str:
    """An arm in words."""
    method, missing = arm
    half = f', {missing} % missing' if missing else ''
    return ARM_NAMES[method] + half


def arm_table(replicates: Sequence[Replicate]) -> str:
    """Sensitivity of every arm: mean and spread over the replicates."""
    heads = [f'{rate:g}' for rate in _RATES] + ['mean 0.5-4']
    lines = [
        f'| arm | {" | ".join(heads)} |',
        '|---|' + '---:|' * len(heads),
    ]
    for arm in replicates[0].records:
        values = np.array([r.sensitivity(arm, _RATES) for r in replicates])
        mean, spread = 100 * values.mean(axis=0), 100 * values.std(0, ddof=1)
        cells = [
            f'{m:.1f} ({s:.1f})' for m, s in zip(mean, spread, strict=True)
        ]
        lines.append(f'| {arm_name(arm)} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def claim_table(replicates: Sequence[Replicate], level: float = 0.95) -> str:
    """The three claims: difference, interval, p and Holm's p."""
    estimates = [
        paired_t(
            differences(
                replicates,
                (claim.first, claim.missing),
                (claim.second, claim.missing),
            ),
            level,
        )
        for claim in CLAIMS
    ]
    adjusted = holm([float(e.p_value) for e in estimates])
    lines = [
        f'| claim | difference [points] | {level:.0%} interval | p '
        "| p, Holm's | verdict at 5 % |",
        '|---|---:|---|---:|---:|---|',
    ]
    for claim, estimate, p_value in zip(
        CLAIMS, estimates, adjusted, strict=True
    ):
        name = arm_name((claim.second, claim.missing))
        lines.append(
            f'| {name} - {ARM_NAMES[claim.first]} | {points(estimate)} '
            f'| {_p(estimate.p_value)} | {_p(p_value)} '
            f'| {_verdict(estimate, p_value)} |'
        )
    return '\n'.join(lines)


def _p(value: float | NDArray[np.float64]) -> str:
    return 'none' if np.isnan(value) else p_text(float(value))


def points(estimate: Estimate) -> str:
    """Difference and interval in percentage points, as two cells."""
    mean, low, high = (
        100 * float(v) for v in (estimate.mean, estimate.low, estimate.high)
    )
    return f'{mean:+.1f} | {low:+.1f} to {high:+.1f}'


def _verdict(estimate: Estimate, p_value: float) -> str:
    if not p_value <= 0.05:
        return 'not shown'
    return 'finds more' if estimate.mean > 0 else 'finds fewer'


def exploratory_table(replicates: Sequence[Replicate]) -> str:
    """Other differences, with intervals and without a test."""
    lines = ['| difference | points | 95 % interval |', '|---|---:|---|']
    for first, second in EXPLORATORY:
        estimate = paired_t(differences(replicates, first, second))
        name = f'{arm_name(second)} - {arm_name(first)}'
        lines.append(f'| {name} | {points(estimate)} |')
    return '\n'.join(lines)


def confuser_table(groups: Mapping[str, Sequence[Replicate]]) -> str:
    """HNEM and its sham by the number of confusers.

    Args:
        groups: Replicates by the confusers of an image, in words.
    """
    sham, hnem = ('sham', 0), ('hnem', 0)
    lines = [
        '| confusers per image | phantoms | sham [%] | HNEM [%] '
        '| HNEM - sham [points] | 95 % interval |',
        '|---|---:|---:|---:|---:|---|',
    ]
    for words, group in groups.items():
        means = [
            f'{100 * np.mean([r.mean(arm) for r in group]):.1f}'
            for arm in (sham, hnem)
        ]
        estimate = paired_t(differences(group, sham, hnem))
        lines.append(
            f'| {words} | {len(group)} | {" | ".join(means)} '
            f'| {points(estimate)} |'
        )
    return '\n'.join(lines)


def tail_table(tails: Sequence[Tail]) -> str:
    """What the false-positive class finds, and what a sham's tail finds."""
    values = np.array([
        [getattr(tail, field.name) for field in fields(Tail)]
        for tail in tails
    ])  # fmt: skip
    end, classed, hnem, sham, hnem_cut, sham_cut = values.T
    rows = {
        'HNEM up to the cut': hnem_cut,
        'HNEM up to the cut, then the FP class': classed,
        'HNEM up to the cut, then its own lower scores': hnem,
        'sham up to the cut': sham_cut,
        'sham up to the cut, then its own lower scores': sham,
    }
    lines = ['| list | sensitivity [%] |', '|---|---:|']
    lines += [f'| {k} | {100 * v.mean():.1f} |' for k, v in rows.items()]
    for name, other in (('the sham', sham), ("HNEM's own", hnem)):
        lines.append(
            f'| FP class - {name} | {_with_interval(classed - other)} |'
        )
    text = f'The tails end at {end.mean():.1f} FPs per image on average.'
    return '\n'.join([text, '', *lines])


def _with_interval(values: np.ndarray) -> str:
    return points(paired_t(values)).replace(' | ', ' (') + ')'
