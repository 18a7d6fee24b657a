"""What a service needs of a detector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Found:
    """What a model found in a series.

    Attributes:
        lesions: Their number.
        notes: What was repaired in the series, and why results were not
            written or lack something.
    """

    lesions: int
    notes: Sequence[str] = ()


class Model(Protocol):
    """Finds lesions.

    Attributes:
        key: What the results depend on.
        reading: What it depends on whether a series can be read.
    """

    key: str
    reading: str

    def __call__(self, folder: Path, series_uid: str, out: Path) -> Found:
        """Write `mmuldor.pacs.results.NAMES` into `out`.

        Args:
            folder: DICOM files of a series.
            series_uid: Its UID.
            out: Folder to write to.

        Raises:
            OtherSeriesError: If the series is not for this model.
            ValueError: If it cannot be read, also MemoryError and OSError.
        """
