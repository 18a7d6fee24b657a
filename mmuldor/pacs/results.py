"""The results of a series, between the detector and the server."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from mmuldor.pacs.uids import ResultUids, is_uid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# What the detector writes, in the order in which it is stored. The report
# refers to the segmentation, and comes last: a series that has it is done.
SEGMENTATION, REPORT = 'lesions.dcm', 'lesions_sr.dcm'
NAMES = (SEGMENTATION, REPORT)


def set_uids(folder: Path, uids: ResultUids) -> int:
    """Give the results in a folder the UIDs that they always have.

    References between them follow.

    Returns:
        How many results there are.
    """
    import pydicom

    found = {
        name: pydicom.dcmread(folder / name)
        for name in NAMES
        if (folder / name).is_file()
    }
    wanted = {
        SEGMENTATION: (uids.segmentation_series, uids.segmentation),
        REPORT: (uids.report_series, uids.report),
    }
    changes: dict[str, str] = {}
    for name, data in found.items():
        series, instance = wanted[name]
        changes[str(data.SeriesInstanceUID)] = series
        changes[str(data.SOPInstanceUID)] = instance
    for name, data in found.items():
        _replace(data, changes)
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.save_as(folder / name, enforce_file_format=True)
    return len(found)


def _replace(data: Dataset, changes: dict[str, str]) -> None:
    for tag in list(data.keys()):
        # Others stay the bytes that they are: a text need not be valid.
        if data.get_item(tag).VR not in ('SQ', 'UI', None):
            continue
        element = data[tag]
        if element.VR == 'SQ':
            for item in element.value:
                _replace(item, changes)
        elif element.VR == 'UI' and str(element.value) in changes:
            element.value = changes[str(element.value)]


class Outbox:
    """Results that the server does not have yet, a folder each series.

    Args:
        folder: Made if missing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def files(self, series_uid: str) -> list[Path] | None:
        """Results in the order of storing; None if there are none yet.

        Without a report they are not whole: a crash of the machine took it.
        """
        place = self._folder / series_uid
        if not (place / REPORT).is_file():
            return None
        return [place / name for name in NAMES if (place / name).is_file()]

    def waiting(self) -> dict[str, str]:
        """StudyInstanceUID of all results by SeriesInstanceUID of a source."""
        import pydicom

        found = {}
        for place in sorted(self._folder.iterdir()):
            try:
                data = pydicom.dcmread(
                    place / REPORT, specific_tags=['StudyInstanceUID']
                )
                found[place.name] = str(data.StudyInstanceUID)
            except Exception:
                # Taken by another process now, or damaged: made again when
                # its series is found.
                continue
        return {uid: study for uid, study in found.items() if is_uid(uid)}

    def take(self, results: Path, series_uid: str) -> None:
        """Move a folder of results here, all at once, and for good."""
        self.remove(series_uid)
        for path in results.iterdir():
            with path.open('rb') as file:
                os.fsync(file.fileno())
        os.replace(results, self._folder / series_uid)

    def remove(self, series_uid: str) -> None:
        """Remove the results of a series, if there are any."""
        place = self._folder / series_uid
        if place.is_dir():
            # Half a folder would be offered as a whole one after a kill.
            gone = self._folder / f'.{series_uid}'
            shutil.rmtree(gone, ignore_errors=True)
            os.replace(place, gone)
            shutil.rmtree(gone)
