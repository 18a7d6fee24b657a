"""Differences in words: what their test gives, and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmuldor.evaluation.comparison.differences import TRAININGS

# What an interval over several seeds is of.
METHODS = (
    'seeds count as readers, over seeds and patients (Obuchowski and '
    'Rockette, Hillis)'
)


def difference_sentence(entry: Mapping) -> str:
    """What is known of the difference of the means of two methods.

    Several trainings each: of methods, and a verdict only by the adjusted p
    of a comparison named beforehand. Otherwise of the given trainings on
    these images alone.

    Args:
        entry: A difference of `compare`.
    """
    first, second = entry['first'], entry['second']
    name = f'{second} - {first}'
    if entry['mean'] is None:
        end = min(entry['fps_at_end'])
        return (
            f'{name}: no mean over 0.5 to 4 FPs, since a curve ends at '
            f'{end:.2f} FPs per image.'
        )
    points = f'{_points(entry["mean"])} points'
    if entry['standard_error'] is None:
        return f'{name}: {points}; too few resamples for an interval.'
    if entry['standard_error'] == 0:
        return f'{name}: {points} whatever patients are drawn; not tested.'
    if entry['design'] == TRAININGS:
        return _of_trainings(entry, points)
    seeds = seeds_text(entry)
    if entry['p_holm'] is None:
        return (
            f'{name}: {points} {ends_text(entry["mean_interval"])}, {seeds}; '
            'exploratory, not tested.'
        )
    return f'{_verdict(entry)}: {name} {points} {_adjusted(entry)}, {seeds}.'


def what_differs(comparison: dict) -> str:
    """What the intervals of differences are of, and what is tested."""
    found, level = comparison['differences'], comparison['settings']['level']
    parts = [f'Differences in percentage points, {100 * level:g} % intervals.']
    if any(d['design'] != TRAININGS for d in found):
        parts.append(f'With several seeds, of the methods: {METHODS}.')
    if any(d['design'] == TRAININGS for d in found):
        parts.append(
            'With one training, of these trainings on other patients: they '
            'say nothing of the methods.'
        )
    count = sum(d['primary'] for d in found)
    if count:
        parts.append(
            'Tested are the means of the comparisons named beforehand, '
            f'{count} in all; p and interval are adjusted for that number '
            '(Holm).'
        )
    else:
        parts.append('No comparison was named beforehand, so none is tested.')
    return ' '.join(parts)


def _verdict(entry: Mapping) -> str:
    first, second = entry['first'], entry['second']
    low, high = entry['holm_interval']
    if low <= 0 <= high:
        return (
            f'The difference between {first} and {second} is not '
            'statistically significant'
        )
    more, less = (second, first) if low > 0 else (first, second)
    return f'{more} finds more lesions than {less}'


def _of_trainings(entry: Mapping, points: str) -> str:
    first, second = entry['first'], entry['second']
    tested = entry['p_holm'] is not None
    low, high = entry['holm_interval' if tested else 'mean_interval']
    behind = _adjusted(entry) if tested else ends_text((low, high))
    if low <= 0 <= high:
        return (
            f'On these images it is open whether {second} or {first} finds '
            f'more, as trained here: {second} - {first} {points} {behind}.'
        )
    more, less = (second, first) if low > 0 else (first, second)
    one = entry['runs'][0 if more == first else 1] == 1
    which = 'this training finds' if one else 'these trainings find'
    return (
        f'{more}: {which} more on these images than {less}; {second} - '
        f'{first} {points} {behind}. Of the methods this says nothing, since '
        'other seeds give other results.'
    )


def primary_sentences(entries: Sequence[Mapping]) -> list[str]:
    """The sentences of the comparisons named beforehand."""
    return [difference_sentence(e) for e in entries if e['primary']]


def seeds_text(entry: Mapping) -> str:
    """How many runs there are, and how they are paired."""
    first, second = entry['runs']
    if entry['design'] == TRAININGS:
        return 'these trainings'
    counts = f'{first}' if first == second else f'{first} and {second}'
    return f'{counts} {entry["design"]}'


def ends_text(ends: Sequence[float]) -> str:
    """An interval of a difference in percentage points."""
    low, high = map(_points, ends)
    return f'({low} to {high})'


def _adjusted(entry: Mapping) -> str:
    """The interval and p after Holm's correction."""
    low, high = map(_points, entry['holm_interval'])
    return f'({low} to {high}, Holm-adjusted p {p_text(entry["p_holm"])})'


def _points(fraction: float) -> str:
    return f'{100 * fraction:+.1f}'


def p_text(value: float) -> str:
    """A p-value with three digits."""
    return '< 0.001' if value < 0.001 else f'{value:.3f}'
