"""What became of each series, on disk."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mmuldor.io.json_files import read_json, write_json
from mmuldor.pacs.patience import Pauses

# Results are on the server; no volume; cannot be read; being worked on;
# results are not taken; the server cannot send it. The last three are tried
# again.
DONE, OTHER, BAD = 'done', 'other', 'bad'
BEGUN, REFUSED, FAILED = 'begun', 'refused', 'failed'
_STATUSES = (DONE, OTHER, BAD, BEGUN, REFUSED, FAILED)
# A series at which a process died, or which the server did not send, so often
# is left alone. With the pauses that is after a day: 1 + 2 + ... + 32 min and
# 23 hours.
MAX_ATTEMPTS = 30
# Processes are killed for other reasons, too: so often without a pause.
_FREE_ENDS = 4
_RETRY = Pauses(first_s=60.0, most_s=3600.0)


@dataclass(frozen=True)
class Record:
    """What became of a series.

    Attributes:
        series_uid: SeriesInstanceUID.
        status: `DONE`, `OTHER`, `BAD`, `BEGUN`, `REFUSED` or `FAILED`.
        instances: Of the series at that time.
        attempts: How often it was begun, or offered.
        objects: Stored on the server.
        lesions: Found in it.
        reason: Why it is not done. May quote headers: it is no log.
        notes: What was repaired or left out; likewise.
        reading: Of the model that could not read it.
        next_try_s: Not before this time, in s since 1970.
        changed_s: Time of this record.
    """

    series_uid: str
    status: str
    instances: int
    attempts: int = 0
    objects: int = 0
    lesions: int | None = None
    reason: str = ''
    notes: Sequence[str] = ()
    reading: str = ''
    next_try_s: float = 0.0
    changed_s: float = 0.0

    @property
    def settled(self) -> bool:
        """Whether the series is left alone from now on."""
        return self.status in (DONE, OTHER, BAD)

    @property
    def is_due(self) -> bool:
        """Whether it may be tried again now.

        No pause is longer than an hour: then the clock was wrong.
        """
        return not 0 < self.next_try_s - time.time() <= _RETRY.most_s

    def open_for(self, instances: int, reading: str) -> bool:
        """Whether to work on the series, which has so many instances now.

        One that could not be read is tried again when it has changed, or what
        reads it.
        """
        if self.status in (OTHER, BAD):
            return (instances, reading) != (self.instances, self.reading)
        return self.status != DONE

    def begun(self) -> Record:
        """Of a process that may die now: then it waits at last."""
        attempts = self.attempts + 1
        return replace(
            self,
            status=BEGUN,
            attempts=attempts,
            next_try_s=_next_try_s(attempts - _FREE_ENDS),
        )

    def later(self, status: str, reason: str) -> Record:
        """To be tried again after 1 minute, 2, 4, up to an hour."""
        attempts = self.attempts + 1
        return replace(
            self,
            status=status,
            attempts=attempts,
            reason=reason,
            next_try_s=_next_try_s(attempts),
        )


def _next_try_s(number: int) -> float:
    """When the pause after a try ends; 0 before the first."""
    if number < 1:
        return 0.0
    # All from the seventh on are the longest.
    *_, pause_s = itertools.islice(_RETRY.nominal(), min(number, 10))
    return time.time() + pause_s


class Records:
    """The records of a folder, which other processes write to, too.

    Args:
        folder: Made if missing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def read(self, series_uid: str) -> Record | None:
        """The record of a series.

        Returns:
            None if there is none, or what a crash of the machine left of it:
            the server is asked then.
        """
        try:
            document = read_json(self.path(series_uid))
        except (FileNotFoundError, ValueError):
            return None
        return _from_json(document, series_uid)

    def write(self, record: Record) -> None:
        """Write a record; it is whole or the old one."""
        document = {**asdict(record), 'changed_s': round(time.time(), 3)}
        write_json(self.path(record.series_uid), document, indent=1)
        # Reasons may quote headers.
        os.chmod(self.path(record.series_uid), 0o600)

    def path(self, series_uid: str) -> Path:
        """File of a record."""
        return self._folder / f'{series_uid}.json'


def _from_json(document: Any, series_uid: str) -> Record | None:
    try:
        record = Record(**document)
        right = record.status in _STATUSES and record.series_uid == series_uid
        numbers = (
            *(record.instances, record.attempts, record.objects),
            *(record.next_try_s, record.changed_s),
        )
    except TypeError:
        return None
    right = right and all(isinstance(n, int | float) for n in numbers)
    return record if right else None
