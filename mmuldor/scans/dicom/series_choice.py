"""Which files of a folder are the slices of one DICOM series."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmuldor.scans.dicom.headers import DicomFile

# Series that a message lists.
_MAX_LISTED = 20


def choose_series(
    files: Sequence[DicomFile], series_uid: str | None, folder: Path
) -> list[DicomFile]:
    """The files of one series.

    Args:
        files: Images of any series.
        series_uid: Its SeriesInstanceUID; None where there is only one.
        folder: Where they are, for messages.

    Raises:
        ValueError: If there is no such series, or none is named of several.
    """
    by_uid: dict[str, list[DicomFile]] = {}
    for file in files:
        uid = str(file.header.SeriesInstanceUID)
        by_uid.setdefault(uid, []).append(file)
    if series_uid is None and len(by_uid) == 1:
        (series_uid,) = by_uid
    if series_uid not in by_uid:
        listed = '; '.join(
            _described(uid, group)
            for uid, group in list(by_uid.items())[:_MAX_LISTED]
        )
        must = (
            'one of' if series_uid is None else f'not {series_uid}, but one of'
        )
        raise ValueError(
            f'{folder}: `series_uid` must be {must} the {len(by_uid)} series '
            f'there: {listed}.'
        )
    return by_uid[series_uid]


def _described(uid: str, files: Sequence[DicomFile]) -> str:
    header = files[0].header
    modality = str(header.get('Modality', '?'))[:16]
    text = str(header.get('SeriesDescription', 'no description'))[:64]
    return f'{uid[:64]} ({modality}, {text}, {len(files)} files)'


def without_localizers(
    files: list[DicomFile],
) -> tuple[list[DicomFile], list[str]]:
    """Without scout views, which are no slices of the volume.

    Returns:
        The slices, and what was left out; a series of nothing but scout
        views is kept as it is.
    """
    slices = [
        file
        for file in files
        if 'LOCALIZER' not in str(file.header.get('ImageType', ''))
    ]
    count = len(files) - len(slices)
    if not slices or not count:
        return files, []
    return slices, [f'{count} scout views left out']
