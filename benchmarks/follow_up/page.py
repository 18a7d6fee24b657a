"""The page of the benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.follow_up.plan import (
    DETECTORS,
    MATCHED,
    PAIRS,
    SECONDS,
    SETTINGS,
    TRAINED_SCORE,
    TRAINED_SIZE,
    TRUE_BOXES,
    WRONG,
)

_HEAD = """# Lesions followed

Written by `python benchmarks/follow_up/run.py`; do not edit.

Pairs of scans of the phantom (`data_prep/make_phantom.py --follow-up-pairs`),
of which the true pairs of lesions are known: the patient is shifted by up to
40 mm, turned by up to 5 degrees and breathes up to 20 mm deeper or shallower;
slices are {intervals} mm apart, other ones in each scan; {phase:.0f} % of the
follow-ups are in another phase of contrast medium; 3 to 6 lesions that shrink,
stay or grow, the first two within 30 mm of each other, up to 2 that vanish and
up to 2 that are new. Slices have {size} x {size} pixels. The thresholds of the
matching were chosen on other seeds.

The phantom's tissue is simpler than a patient's, and its breathing is smooth:
lungs that slide along the chest wall are not in it. So these figures are no
proof for patients.

"""
_COLUMNS = (
    '| boxes | true pairs | matched | uncertain | matches made | wrong | '
    'lone lesions | called new or gone |\n'
    '|---|---:|---:|---:|---:|---:|---:|---:|\n'
)
_LEGEND = """
True pairs are lesions found in both scans; lone lesions are in one scan, and
truly not in the other. A match of a false positive is a wrong one.

The simulated detectors find each lesion with a probability, move its centre,
change its diameter and add false positives anywhere in the body:

| boxes | sensitivity | FPs a scan | centre, mm along each axis | diameter |
|---|---:|---:|---:|---:|
"""


_TRAINED_TITLE = '\n## With a trained detector\n\n'
_TRAINED = """\
The small model of `make demo` on {pairs} of these pairs, with slices of
{size} x {size} pixels and a score of at least {score}: it finds {found}
lesions of both scans, with {false:.1f} false positives a scan. One that is
found in both scans is a match, and counts as wrong here.

"""


def page(
    document: dict[str, Any], with_detector: dict[str, Any] | None
) -> str:
    """The page in Markdown.

    Args:
        document: ``pairs`` of :func:`benchmarks.follow_up.measure.measure`,
            and the ``machine``.
        with_detector: ``pairs`` of :func:`benchmarks.follow_up.trained.
            measure_trained` and the ``command``; None: not run.
    """
    pairs = document['pairs']
    text = _HEAD.format(
        size=SETTINGS.size,
        phase=100 * SETTINGS.other_phase,
        intervals=', '.join(f'{mm:g}' for mm in SETTINGS.intervals_mm),
    )
    text += _short(pairs, document['machine'])
    text += f'\n## Matches\n\n{len(pairs)} pairs of scans.\n\n' + _COLUMNS
    for detector in DETECTORS:
        text += _row(detector.name, totals(pairs, detector.name))
    text += _LEGEND
    for detector in DETECTORS:
        text += (
            f'| {detector.name} | {detector.sensitivity:g} | '
            f'{detector.false_positives:g} | {detector.center_mm:g} | '
            f'{100 * detector.size:.0f} % |\n'
        )
    text += _TRAINED_TITLE + _trained(with_detector)
    return text + _registration(pairs)


def totals(pairs: Sequence[dict[str, Any]], name: str) -> dict[str, int]:
    """Counts of all pairs with a detector."""
    rows = [pair['results'][name] for pair in pairs]
    return {key: sum(row[key] for row in rows) for key in rows[0]}


def _short(pairs: Sequence[dict[str, Any]], machine: dict[str, Any]) -> str:
    found = totals(pairs, TRUE_BOXES.name)
    clock, processor = (
        [pair['seconds'][kind] for pair in pairs]
        for kind in ('clock', 'processor')
    )
    missing = PAIRS - len(pairs)
    rest = f' {missing} of {PAIRS} planned pairs: not run.' if missing else ''
    return (
        f'In short, on {len(pairs)} pairs of scans:{rest}\n\n'
        f'* True boxes: {_of(found["matched"], found["pairs"])} true pairs '
        f'matched (wanted: at least\n  {100 * MATCHED:.0f} %), '
        f'{_of(found["wrong"], found["matches"])} matches wrong (wanted: at '
        f'most {100 * WRONG:.0f} %).\n'
        f'* A pair takes {np.median(clock):.0f} s beside other programs, at '
        f'most {max(clock):.0f} s (wanted: at most\n  {SECONDS:.0f} s on two '
        f'cores), {np.median(processor):.1f} s of the processor '
        f'({machine["processor"]}).\n'
    )


def _trained(document: dict[str, Any] | None) -> str:
    if document is None:
        return 'Not run.\n'
    pairs = document['pairs']
    lesions, found, false = (
        sum(pair[key] for pair in pairs)
        for key in ('lesions', 'found', 'false_positives')
    )
    rows = [pair['result'] for pair in pairs]
    total = {key: sum(row[key] for row in rows) for key in rows[0]}
    text = _TRAINED.format(
        pairs=len(pairs),
        size=TRAINED_SIZE,
        score=TRAINED_SCORE,
        found=_of(found, lesions),
        false=false / 2 / len(pairs),
    )
    return text + _COLUMNS + _row('trained detector', total)


def _row(name: str, found: dict[str, int]) -> str:
    return (
        f'| {name} | {found["pairs"]} | '
        f'{_of(found["matched"], found["pairs"])} | {found["uncertain"]} | '
        f'{found["matches"]} | {_of(found["wrong"], found["matches"])} | '
        f'{found["lone"]} | {_of(found["lone_right"], found["lone"])} |\n'
    )


def _of(part: int, whole: int) -> str:
    share = f' ({100 * part / whole:.1f} %)' if whole else ''
    return f'{part} of {whole}{share}'


def _registration(pairs: Sequence[dict[str, Any]]) -> str:
    errors = np.array([e for pair in pairs for e in pair['errors_mm']])
    failed = sum(bool(pair['problem']) for pair in pairs)
    median, most = np.percentile(errors, [50, 95])
    lines = [
        '\n## Registration\n\n',
        f'{failed} of {len(pairs)} registrations failed by their own checks. '
        'Distance of a follow-up\nlesion from where it was expected, of '
        f'{len(errors)} lesions: median {median:.1f} mm, 95th\npercentile '
        f'{most:.1f} mm, maximum {errors.max():.1f} mm.\n\n',
        '| measure | median | least | most |\n|---|---:|---:|---:|\n',
    ]
    for name in (
        'correlation_before', 'correlation_rigid', 'correlation', 'body_dice',
        'common_share', 'rotation_deg', 'deformation_median_mm',
        'deformation_max_mm',
    ):  # fmt: skip
        values = np.array([pair['quality'][name] for pair in pairs])
        lines.append(
            f'| {name} | {np.median(values):.2f} | {values.min():.2f} | '
            f'{values.max():.2f} |\n'
        )
    return ''.join(lines)
