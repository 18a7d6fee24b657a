"""The patients of images by their folders and file names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from pathlib import PurePosixPath

OPTION = '--patient-from'
SPLIT_WORDS = frozenset(
    ('train', 'training', 'val', 'valid', 'validation', 'test', 'testing')
)
# DeepLesion's patient_study_series.
_DEEPLESION = re.compile(r'([0-9]{6})_[0-9]{2}_[0-9]{2}')
# P0_000, P0-slice12: what stands before the last sign; p12s3: before a letter
# between digits.
_PREFIXES = (
    re.compile(r'(.+?)[\W_]+[A-Za-z]*[0-9]+'),
    re.compile(r'(.*[0-9])[A-Za-z]+[0-9]+'),
)
# Of names or patients: what so many share says nothing of a patient.
_NEARLY_ALL = 0.9
ADVICE = (
    f"`{OPTION} '([^/_]+)_[^/]*$'` reads the patient from the name, "
    '`--patients` from a table'
)


def patients_by_pattern(pattern: str, names: Iterable[str]) -> dict[str, str]:
    """The patient of each name by a regular expression.

    Args:
        pattern: Searched in a name; the patient is its group `patient`, else
            its first group, else all that matches.
        names: Names of files, with `/` between folders.

    Raises:
        ValueError: It is no regular expression, or does not match every name.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise ValueError(
            f'`{OPTION}` must be a regular expression, but got {pattern!r}: '
            f'{error}.'
        ) from None
    group: str | int = min(expression.groups, 1)
    if 'patient' in expression.groupindex:
        group = 'patient'
    found, lacking = {}, []
    for name in names:
        match = expression.search(name)
        if match is None or not match[group]:
            lacking.append(name)
        else:
            found[name] = match[group]
    if lacking:
        raise ValueError(
            f'`{OPTION}` must find a patient in every name, but {pattern!r} '
            f'does not in {len(lacking)} of {len(found) + len(lacking)}, for '
            f'example {lacking[0]!r}.'
        )
    return found


def guess_patients(
    names: Sequence[str],
    series: Collection[str] = (),
    unrelated: Collection[str] = (),
) -> tuple[dict[str, str], list[str]]:
    """The patient of each image where nothing states it.

    It is the first folder that not all images share, folders of splits left
    out; in one folder it is the beginning of names like P0_000.png, where
    there are several; else each image is a patient of its own.

    Args:
        names: Names of images, with `/` between folders and no suffix.
        series: Those that are slices of a series, whose folder is one
            patient's.
        unrelated: Those whose folder says nothing, of several patients.

    Returns:
        The patient by name, and what a user should know.
    """
    folders = {name: _folders(name) for name in names}
    shared = _shared(folders.values())
    found: dict[str, str] = {}
    for name, folder in folders.items():
        rest = folder[shared:]
        if rest and name not in unrelated:
            found[name] = patient_of_series(rest[0])
        elif name in series:
            found[name] = str(PurePosixPath(name).parent)
    notes = [_beginnings_note(set(found.values()), 'folders')]
    left = [name for name in names if name not in found]
    prefixes = {name: _prefix(PurePosixPath(name).name) for name in left}
    groups = Counter(prefixes.values())
    if len(groups) > 1:
        taken = {n: p for n, p in prefixes.items() if p}
        found |= {n: patient_of_series(p) for n, p in taken.items()}
        if max((groups[p] for p in taken.values()), default=0) > 1:
            name, prefix = next(iter(taken.items()))
            notes.append(
                f'{len(set(taken.values()))} patients are read from the '
                f'beginning of {len(taken)} names ({prefix} from {name}); '
                f'{ADVICE}'
            )
        notes.append(_beginnings_note(set(taken.values()), 'beginnings'))
    notes.append('' if notes[0] else _spread_note(found))
    alone = [name for name in left if name not in found]
    if len(alone) > 1:
        notes.append(
            f'the patient of {len(alone)} images is not known, for example '
            f'of {alone[0]}: each counts as a patient of its own, so slices '
            'of one patient may be in training and test. '
            f'{ADVICE}'
        )
    found |= {name: name for name in alone}
    return {name: found[name] for name in names}, [n for n in notes if n]


def guess_volume_patients(
    names: Sequence[str],
) -> tuple[dict[str, str], list[str]]:
    """Each volume is a patient; DeepLesion's names say which."""
    found = {name: patient_of_series(name) for name in names}
    return found, list(filter(None, [_beginnings_note(set(names), 'volumes')]))


def patient_of_series(folder: str) -> str:
    """The patient of a folder: 000001 of DeepLesion's 000001_02_01."""
    match = _DEEPLESION.fullmatch(folder[:12])
    whole = match is not None and folder[12:13] in ('', '_')
    return match[1] if match is not None and whole else folder


def _folders(name: str) -> tuple[str, ...]:
    """Its folders but for those that are named like splits."""
    parts = PurePosixPath(name).parts[:-1]
    return tuple(p for p in parts if p.lower() not in SPLIT_WORDS)


def _shared(folders: Iterable[tuple[str, ...]]) -> int:
    """How many leading folders all images share."""
    listed = list(folders)
    shared = 0
    for level in zip(*listed, strict=False):
        if len(set(level)) > 1:
            break
        shared += 1
    return shared


def _prefix(stem: str) -> str:
    """What stands before the number of a slice, '' where nothing does."""
    matches = (pattern.fullmatch(stem) for pattern in _PREFIXES)
    return next((match[1] for match in matches if match), '')


def _beginnings_note(found: Collection[str], what: str) -> str:
    """Of names that look like several series of one patient, '' of others."""
    series: Mapping[str, list[str]] = {}
    for name in sorted(found):
        if _prefix(name):
            series.setdefault(_prefix(name), []).append(name)
    several = [group for group in series.values() if len(group) > 1]
    if len(several) < 2:
        return ''
    first, second = several[0][:2]
    return (
        f'{what} such as {first} and {second} look like series of one '
        f'patient, but count as several patients. {ADVICE}'
    )


def _spread_note(found: Mapping[str, str]) -> str:
    """Of names that begin alike below several patients, '' without such.

    Folders of batches hold slices of one patient in several of them.

    Args:
        found: The patient by name, where a folder or the name tells it.
    """
    below: dict[str, list[str]] = {}
    for name, patient in found.items():
        prefix = _prefix(PurePosixPath(name).name)
        if prefix:
            below.setdefault(patient_of_series(prefix), []).append(patient)
    everyone = set(found.values())
    spread = {
        prefix: sorted(set(patients))
        for prefix, patients in below.items()
        if len(patients) < _NEARLY_ALL * len(found)
        and len(set(patients)) > 1
        and not _is_word(prefix, set(patients), everyone, len(below))
    }
    if not spread:
        return ''
    prefix, patients = next(iter(spread.items()))
    return (
        f'names that begin with {prefix} count as several patients, such as '
        f'{patients[0]} and {patients[1]}, by their folders; beginnings of '
        f'this kind: {len(spread)}. Where they are of one patient, its slices '
        f'may be in training and test. {ADVICE}'
    )


def _is_word(
    prefix: str, below: Set[str], everyone: Set[str], count: int
) -> bool:
    """Whether a beginning is rather a word, such as axial in every folder.

    Args:
        prefix: The beginning.
        below: The patients that have it.
        everyone: All patients.
        count: How many different beginnings there are; with those of
            patients in folders of batches, seldom fewer than folders.
    """
    spoken = not any(sign.isdigit() for sign in prefix)
    all_over = len(below) >= _NEARLY_ALL * len(everyone)
    return count < len(everyone) and (spoken or all_over)
