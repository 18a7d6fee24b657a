"""What became of each scan, and the tables of all."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmuldor.apis.many_scans.scan_list import LESIONS_TABLE, SCANS_TABLE
from mmuldor.io.json_files import replacing
from mmuldor.io.paths import printable
from mmuldor.scans.lesion_files import COLUMNS

DONE, SKIPPED, FAILED = 'done', 'done before', 'failed'
_OF_SCANS = ('scan', 'folder', 'status', 'lesions', 'seconds', 'reason')


@dataclass(frozen=True)
class Outcome:
    """What became of a scan.

    Attributes:
        scan: Its path as given.
        name: Of its output folder.
        status: `DONE`, `SKIPPED` or `FAILED`.
        lesions: Their number; None if it failed.
        seconds: How long it took; None if it was skipped.
        reason: Why it failed, in one line.
    """

    scan: str
    name: str
    status: str
    lesions: int | None = None
    seconds: float | None = None
    reason: str = ''

    @property
    def failed(self) -> bool:
        """Whether there are no results of this run."""
        return self.status == FAILED

    @property
    def line(self) -> str:
        """For the screen."""
        if self.failed:
            return f'{self.scan}: failed: {self.reason}'
        took = '' if self.seconds is None else f' ({self.seconds:.1f} s)'
        before = ', done before' if self.status == SKIPPED else ''
        ending = '' if self.lesions == 1 else 's'
        return f'{self.scan}: {self.lesions} lesion{ending}{before}{took}'


def write_tables(out: str | os.PathLike, outcomes: Sequence[Outcome]) -> None:
    """Write a row a lesion and a row a scan, in the order of the scans.

    ``all_lesions.csv`` has the rows of each ``lesions.csv`` of a scan that
    did not fail; ``all_scans.csv`` all scans.
    """
    rows = []
    for outcome in outcomes:
        if not outcome.failed:
            path = Path(out) / outcome.name / 'lesions.csv'
            with open(path, newline='', encoding='utf-8') as file:
                rows += list(csv.DictReader(file))
    _write(Path(out) / LESIONS_TABLE, COLUMNS, rows)
    _write(
        Path(out) / SCANS_TABLE,
        _OF_SCANS,
        [
            {
                'scan': printable(outcome.scan),
                'folder': printable(outcome.name),
                'status': outcome.status,
                'lesions': outcome.lesions,
                'seconds': outcome.seconds,
                'reason': printable(outcome.reason),
            }
            for outcome in outcomes
        ],
    )


def _write(path: Path, columns: Sequence[str], rows: Sequence[dict]) -> None:
    with (
        replacing(path) as temporary,
        open(temporary, 'w', newline='', encoding='utf-8') as file,
    ):
        writer = csv.DictWriter(
            file, columns, lineterminator='\n', extrasaction='ignore'
        )
        writer.writeheader()
        writer.writerows(rows)


def summary(outcomes: Sequence[Outcome], number: int) -> str:
    """Counts, and each scan that failed with its reason.

    Args:
        outcomes: Of the scans so far.
        number: Of all scans.
    """
    status = [outcome.status for outcome in outcomes]
    counts = [f'{status.count(DONE)} of {number} scans done']
    for kind in (SKIPPED, FAILED):
        if kind in status:
            counts.append(f'{status.count(kind)} {kind}')
    if len(outcomes) < number:
        counts.append(f'{number - len(outcomes)} not begun')
    failed = [o.line for o in outcomes if o.failed]
    return '\n'.join([', '.join(counts), *failed])
