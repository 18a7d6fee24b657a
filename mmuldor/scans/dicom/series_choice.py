"""Which files of a folder are the slices of one DICOM series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmuldor.scans.dicom.folder import check_broken, listed
from mmuldor.scans.dicom.geometry import image_position, slice_normal
from mmuldor.scans.dicom.headers import (
    CT_IMAGES,
    BrokenHeaderError,
    DicomFile,
    NoVolumeError,
)
from mmuldor.scans.dicom.multiframe import frames_of
from mmuldor.scans.dicom.slice_checks import check_slice

# Maximum number of series in a message.
_MAX_LISTED = 20
# Beside a larger series, fewer slices are a scout, a screenshot or a bolus
# monitor.
_MIN_SLICES = 3
# Components of a normal that differ by less are those of one stack; positions
# in mm that differ by less are one.
_SAME_NORMAL, _SAME_MM = 0.01, 0.01


class _Stack(NamedTuple):
    """What the files of a series are together.

    Attributes:
        along_mm: Positions of the parallel slices along their normal.
        reason: Why they are no CT volume; '' if they are one.
    """

    along_mm: list[float]
    reason: str


def choose_series(
    files: Sequence[DicomFile],
    series_uid: str | None,
    folder: Path,
    broken: Mapping[Path, BrokenHeaderError] | None = None,
) -> tuple[list[DicomFile], list[str]]:
    """The slices of one series.

    Args:
        files: Images of any series.
        series_uid: Its SeriesInstanceUID; None if only one of the series can
            be a CT volume.
        folder: Folder of the files, for messages.
        broken: Errors of the DICOM files that cannot be read.

    Returns:
        Files of one slice and frames of enhanced images, and notes on what
        was left out.

    Raises:
        ValueError: If there is no such series, ``series_uid`` is None and
            not exactly one series can be a volume, or a file of the series
            cannot be read.
    """
    by_uid: dict[str, list[DicomFile]] = {}
    for file in files:
        uid = str(file.header.SeriesInstanceUID)
        by_uid.setdefault(uid, []).append(file)
    notes: list[str] = []
    chosen = series_uid is not None
    if series_uid is None:
        by_uid, notes = _with_lone_slices_joined(by_uid)
        series_uid, others = _only_volume(by_uid, folder)
        notes += others
    elif series_uid not in by_uid:
        shown = _listed([_described(folder, *item) for item in by_uid.items()])
        raise ValueError(
            f'{folder}: `series_uid` must be not {series_uid}, but one of the '
            f'{len(by_uid)} series there: {shown}.'
        )
    notes += check_broken(broken or {}, series_uid, chosen=chosen)
    slices, others = _without_other_classes(by_uid[series_uid])
    slices, scouts = without_localizers(frames_of(slices))
    return slices, [*notes, *others, *scouts]


def _with_lone_slices_joined(
    by_uid: dict[str, list[DicomFile]],
) -> tuple[dict[str, list[DicomFile]], list[str]]:
    """Make one series of slices that all state a series of their own.

    Some programs that remove identities give each file another UID. What does
    not belong together is refused later, by its positions.
    """
    if any(len(files) > 1 for files in by_uid.values()):
        return by_uid, []
    files = [file for (file,) in by_uid.values() if not _why_no_slice(file)]
    if len(files) < _MIN_SLICES:
        return by_uid, []
    # Lone slices of several patients are a collection of pictures.
    if len({str(file.header.get('PatientID')) for file in files}) > 1:
        return by_uid, []
    joined = str(files[0].header.SeriesInstanceUID)
    taken = set(map(id, files))
    rest = {k: v for k, v in by_uid.items() if id(v[0]) not in taken}
    return {joined: files, **rest}, [
        f'each of {len(files)} slices states a series of its own: taken as one'
    ]


def _only_volume(
    by_uid: Mapping[str, Sequence[DicomFile]], folder: Path
) -> tuple[str, list[str]]:
    """The only series that can be a volume, and notes on the others.

    Raises:
        NoVolumeError: If there are scout views only.
        ValueError: If none or several can be.
    """
    if all(map(_is_scout, (f for files in by_uid.values() for f in files))):
        raise NoVolumeError(
            f'{folder} must hold the slices of a CT, but holds scout views '
            'only (ImageType LOCALIZER). Export the series of axial slices.'
        )
    if len(by_uid) == 1:
        # What is wrong with it, its slices say themselves.
        return next(iter(by_uid)), []
    stacks = {uid: _stack(files) for uid, files in by_uid.items()}
    described = {
        uid: _described(folder, uid, files, stacks[uid])
        for uid, files in by_uid.items()
    }
    able = [uid for uid in by_uid if not stacks[uid].reason]
    if not able:
        able = [uid for uid in by_uid if len(stacks[uid].along_mm) > 1]
    if len(able) == 1:
        others = [described[uid] for uid in by_uid if uid != able[0]]
        return able[0], [f'series left out: {text}' for text in others]
    shown = [described[uid] for uid in able or by_uid]
    can = 'that can be a volume' if able else 'none of which can be a volume'
    raise ValueError(
        f'{folder}: `series_uid` must be one of the {len(shown)} series '
        f'there {can}: {_listed(shown)}.'
        + (' Name one (`--series`), or give its folder.' if able else '')
    )


def _listed(series: Sequence[str]) -> str:
    more = len(series) - _MAX_LISTED
    rest = [f'and {more} more'] if more > 0 else []
    return '; '.join([*series[:_MAX_LISTED], *rest])


def _described(
    folder: Path,
    uid: str,
    files: Sequence[DicomFile],
    stack: _Stack | None = None,
) -> str:
    header = files[0].header
    modality = str(header.get('Modality', '?'))[:16]
    text = str(header.get('SeriesDescription', 'no description'))[:64]
    size = f'{len(files)} files'
    if stack is not None and not stack.reason:
        interval_mm = float(np.median(np.diff(stack.along_mm)))
        size = f'{len(stack.along_mm)} slices every {interval_mm:.4g} mm'
    elif stack is not None:
        size += f': {stack.reason}'
    places = {file.path.parent for file in files} - {folder}
    for place in places if len(places) == 1 else ():
        size += f', in {place.relative_to(folder)}'
    return f'{uid[:64]} ({modality}, {text}, {size})'


def _stack(files: Sequence[DicomFile]) -> _Stack:
    """What the files of a series are together."""
    slices: list[DicomFile] = []
    reason = ''
    try:
        candidates = frames_of(files)
    except ValueError as error:
        return _Stack([], str(error))
    for file in candidates:
        wrong = _why_no_slice(file)
        reason = reason or wrong
        slices += [] if wrong else [file]
    along_mm = _positions(slices)
    if len(along_mm) >= _MIN_SLICES:
        return _Stack(along_mm, '')
    few = f'only {len(along_mm)} different positions of slices'
    return _Stack(along_mm, reason or few)


def _why_no_slice(file: DicomFile) -> str:
    """Why a file is no slice of a CT, '' if it is one."""
    if not _is_ct(file):
        name = str(getattr(file.header.SOPClassUID, 'name', 'another class'))
        return f'{name[:64]}, no CT image'
    if _is_scout(file):
        return 'scout views'
    try:
        check_slice(file)
    except ValueError as error:
        return str(error).replace(str(file.path), file.path.name).rstrip('.')
    return ''


def _positions(slices: Sequence[DicomFile]) -> list[float]:
    """Different positions of the largest parallel stack in mm, ascending."""
    stacks: dict[tuple[float, ...], set[int]] = {}
    for file in slices:
        normal = slice_normal(file.header)
        key = tuple(np.rint(normal / _SAME_NORMAL).tolist())
        place_mm = float(normal @ image_position(file.header))
        stacks.setdefault(key, set()).add(round(place_mm / _SAME_MM))
    largest = max(stacks.values(), key=lambda places: len(places), default=())
    return [place * _SAME_MM for place in sorted(largest)]


def _is_ct(file: DicomFile) -> bool:
    return str(file.header.get('SOPClassUID') or CT_IMAGES[0]) in CT_IMAGES


def _without_other_classes(
    files: list[DicomFile],
) -> tuple[list[DicomFile], list[str]]:
    """Leave out screenshots and the like that are stored among CT images.

    Returns:
        The CT images, and notes on what was left out. A series of no CT image
        is returned unchanged.
    """
    images = [file for file in files if _is_ct(file)]
    names = [file.path.name for file in files if not _is_ct(file)]
    if not images or not names:
        return files, []
    return images, [
        f'{len(names)} files that are no CT images: {listed(names)}'
    ]


def without_localizers(
    files: list[DicomFile],
) -> tuple[list[DicomFile], list[str]]:
    """Leave out scout views, which are not slices of the volume.

    Returns:
        The slices, and notes on what was left out. A series of scout views
        only is returned unchanged.
    """
    slices = [file for file in files if not _is_scout(file)]
    count = len(files) - len(slices)
    if not slices or not count:
        return files, []
    return slices, [f'{count} scout views left out']


def _is_scout(file: DicomFile) -> bool:
    return 'LOCALIZER' in str(file.header.get('ImageType', ''))
