"""The DICOM files of a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mmuldor.io.paths import files_below
from mmuldor.scans.dicom.headers import (
    BrokenHeaderError,
    DicomFile,
    open_header,
)

# Endings of DICOM files; many have none.
_SUFFIXES = ('.dcm', '.dicom', '.ima')
# Names in a note.
_MAX_NAMED = 5


class FoundFiles(NamedTuple):
    """The files of a folder.

    Attributes:
        images: DICOM files with an image, in the order of their paths.
        broken: Errors of DICOM files that cannot be read, by path.
        notes: What was left out.
    """

    images: list[DicomFile]
    broken: dict[Path, BrokenHeaderError]
    notes: list[str]


def find_images(folder: Path) -> FoundFiles:
    """The DICOM images in a folder and its subfolders.

    Args:
        folder: A folder, or one file.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If there is none, but a CT image that cannot be read.
    """
    images: list[DicomFile] = []
    broken: dict[Path, BrokenHeaderError] = {}
    others, named = 0, []
    paths, dangling = files_below(folder)
    for path in paths:
        try:
            header = open_header(path)
        except BrokenHeaderError as error:
            broken[path] = error
            continue
        if header is not None and 'Rows' in header:
            images.append(DicomFile(path, header))
        else:
            others += 1
            # macOS writes ._1.dcm beside 1.dcm.
            hidden = path.name.startswith('.')
            is_named = path.suffix.lower() in _SUFFIXES and not hidden
            if header is None and is_named:
                named.append(path.name)
    if not images:
        for reason in broken.values():
            if reason.is_ct:
                raise reason
        unreadable = f' {len(broken)} cannot be read.' if broken else ''
        raise FileNotFoundError(
            f'{folder} must hold DICOM files of a CT series, but none of its '
            f'{len(paths)} files is one.{unreadable}'
        )
    notes = [f'{others} files that are no DICOM images'] if others else []
    if named:
        # They may have been slices.
        notes.append(f'{len(named)} of them named as DICOM: {listed(named)}')
    if dangling:
        notes.append(
            f'{len(dangling)} links to files that do not exist: '
            f'{listed(dangling)}'
        )
    return FoundFiles(images, broken, notes)


def check_broken(
    broken: Mapping[Path, BrokenHeaderError], series_uid: str, *, chosen: bool
) -> list[str]:
    """Notes on files that cannot be read and are not slices of a series.

    Args:
        broken: Errors of the files.
        series_uid: SeriesInstanceUID.
        chosen: The user chose this series.

    Raises:
        BrokenHeaderError: If one may be a slice of the series.
    """
    names = []
    for path, reason in broken.items():
        if reason.may_be_slice_of(series_uid, chosen=chosen):
            raise reason
        names.append(path.name)
    if not names:
        return []
    return [f'{len(names)} DICOM files that cannot be read: {listed(names)}']


def listed(names: Sequence[str]) -> str:
    """The first names of files, for a note."""
    more = ', ...' if len(names) > _MAX_NAMED else ''
    return ', '.join(names[:_MAX_NAMED]) + more
