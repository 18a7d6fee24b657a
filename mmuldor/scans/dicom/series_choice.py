"""Which files of a folder are the slices of one DICOM series."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmuldor.scans.dicom.headers import DicomFile

# Maximum number of series in a message.
_MAX_LISTED = 20


def choose_series(
    files: Sequence[DicomFile], series_uid: str | None, folder: Path
) -> list[DicomFile]:
    """The files of one series.

    Args:
        files: Images of any series.
        series_uid: Its SeriesInstanceUID; None if there is only one series.
        folder: Folder of the files, for messages.

    Raises:
        ValueError: If there is no such series, or ``series_uid`` is None and
            there are several.
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
    """Leave out scout views, which are not slices of the volume.

    Returns:
        The slices, and notes on what was left out. A series of scout views
        only is returned unchanged.
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
