"""What is done with one series."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mmuldor.cli.errors import one_line
from mmuldor.pacs.claims import Claims, remove_unclaimed
from mmuldor.pacs.dicomweb.errors import PacsError
from mmuldor.pacs.dicomweb.server import Series, Server
from mmuldor.pacs.kinds import OtherSeriesError
from mmuldor.pacs.model import Model
from mmuldor.pacs.patience import (
    GaveUpError,
    Patience,
    is_full,
)
from mmuldor.pacs.records import (
    BAD,
    BEGUN,
    DONE,
    FAILED,
    MAX_ATTEMPTS,
    OTHER,
    REFUSED,
    Record,
    Records,
)
from mmuldor.pacs.resting import Resting
from mmuldor.pacs.results import REPORT, Outbox, set_uids
from mmuldor.pacs.retrieval import reason_of, retrieve
from mmuldor.pacs.uids import ResultUids, result_uids

# Beside the statuses of records: another process has it; it grows or is new.
BUSY, GROWING = 'busy', 'growing'


@dataclass(frozen=True)
class Outcome:
    """What became of a series now.

    Attributes:
        status: Of its record, or `BUSY` or `GROWING`.
        record: Its record, if there is one.
        worked: Whether the model ran on it.
        known: Whether that was so before.
    """

    status: str
    record: Record | None = None
    worked: bool = False
    known: bool = False


class SeriesWork:
    """Works on series, one at a time.

    Args:
        server: Where they are, and results go.
        model: The model.
        work: Folder that processes share.
        patience: How long the server is waited for.
        rest_s: See :class:`mmuldor.pacs.resting.Resting`.
        clock: For `rest_s`; in s.
    """

    def __init__(
        self,
        server: Server,
        model: Model,
        work: Path,
        patience: Patience,
        rest_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # What another server has, or another model found, is not done.
        place = work / f'{server.key[:8]}-{model.key[:16]}'
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._server, self._model, self._patience = server, model, patience
        self._records = Records(place / 'records')
        self._outbox = Outbox(place / 'outbox')
        self._scratch = place / 'scratch'
        self._claims = Claims(place / 'claims')
        remove_unclaimed(self._scratch, self._claims)
        for other in work.glob('*/claims'):
            if other.parent != place:
                remove_unclaimed(other.with_name('scratch'), Claims(other))
        self._resting, self._clock = Resting(rest_s), clock

    def one(self, series: Series) -> Outcome:
        """Do what can be done for a series now.

        Raises:
            GaveUpError: If the server was away for too long.
            OSError: If the disk is full.
        """
        with self._claims.take(series.uid) as ours:
            if not ours:
                return Outcome(BUSY)
            try:
                return self._claimed(series)
            finally:
                shutil.rmtree(self._place(series), ignore_errors=True)

    def waiting(self) -> list[Series]:
        """Series whose results may be offered to the server now.

        It need not list them: they may be older than what is searched.
        """
        found = []
        for uid, study_uid in self._outbox.waiting().items():
            record = self._records.read(uid)
            if record is None or record.is_due:
                found.append(Series(study_uid, uid, None))
        return found

    def reason_at(self, series: Series) -> Path:
        """The file that says why a series is not done, or what was noted."""
        return self._records.path(series.uid)

    def _claimed(self, series: Series) -> Outcome:
        record = self._records.read(series.uid)
        if record is not None and record.status == DONE:
            self._outbox.remove(series.uid)
            return Outcome(DONE, record, known=True)
        if record is not None and not record.is_due:
            return Outcome(record.status, record, known=True)
        try:
            if self._outbox.files(series.uid) is not None:
                return self._deliver(series, record or _new(series))
            return self._begin(series, record)
        except PacsError as error:
            return self._failed(record or _new(series), str(error))

    def _begin(self, series: Series, record: Record | None) -> Outcome:
        listed, instances = None, series.instances
        if instances is None:
            listed = self._instances(series)
            instances = len(listed)
        reading = self._model.reading
        if record is not None and not record.open_for(instances, reading):
            return Outcome(record.status, record, known=True)
        if not self._resting.rests(series.uid, instances, self._clock()):
            return Outcome(GROWING, record)
        uids = result_uids(series.uid, self._model.key)
        if self._on_server(series.study_uid, uids):
            return self._end(_new(series, instances), DONE)
        if record is None or record.settled or record.instances != instances:
            record = _new(series, instances)
        record = replace(record, reading=reading)
        if record.attempts >= MAX_ATTEMPTS:
            reason = record.reason or 'the process ended each time'
            return self._end(record, BAD, f'{MAX_ATTEMPTS} times: {reason}')
        if listed is None:
            listed = self._instances(series)
        # More have come since, or the server counts in another way.
        same = len(listed) == instances or self._resting.rests(
            f'{series.uid} listed', len(listed), self._clock()
        )
        if not same:
            return Outcome(GROWING, record)
        try:
            return self._make(series, record, listed)
        except PacsError as error:
            return self._failed(record, str(error))

    def _instances(self, series: Series) -> list[str]:
        return self._patience.ask(
            partial(self._server.instances, series.study_uid, series.uid)
        )

    def _on_server(self, study_uid: str, uids: ResultUids) -> bool:
        """Whether results of this model are stored, by any process.

        The report is stored last, and without lesions it is all.
        """
        return uids.report in self._patience.ask(
            partial(self._server.instances, study_uid, uids.report_series)
        )

    def _make(
        self, series: Series, record: Record, instances: Sequence[str]
    ) -> Outcome:
        place = self._place(series)
        shutil.rmtree(place, ignore_errors=True)
        source, results = place / 'source', place / 'results'
        for folder in (source, results):
            folder.mkdir(parents=True)
        before = record
        try:
            retrieve(self._server, self._patience, series, instances, source)
            if sorted(self._instances(series)) != sorted(instances):
                return Outcome(GROWING, record)
            record = record.begun()
            self._records.write(record)
            found = self._model(source, series.uid, results)
            set_uids(results, result_uids(series.uid, self._model.key))
            if not (results / REPORT).is_file():
                raise ValueError('; '.join(found.notes) or 'no results')
        except (PacsError, GaveUpError):
            raise
        except KeyboardInterrupt:
            # It is not to blame.
            self._records.write(replace(before, status=BEGUN))
            raise
        except OtherSeriesError as error:
            return self._end(record, OTHER, reason_of(error, source))
        except ValueError as error:
            return self._end(record, BAD, reason_of(error, source))
        except Exception as error:
            if is_full(error):
                self._records.write(replace(before, status=BEGUN))
                raise
            # Of a disk, of memory that others have, of a GPU, or a bug: the
            # series need not be to blame.
            reason = f'{type(error).__name__}: {reason_of(error, source)}'
            return self._failed(before, reason)
        shutil.rmtree(source)
        self._outbox.take(results, series.uid)
        record = replace(
            record,
            lesions=found.lesions,
            notes=[*found.notes],
            attempts=0,
        )
        return self._deliver(series, record, worked=True)

    def _deliver(
        self, series: Series, record: Record, worked: bool = False
    ) -> Outcome:
        files = self._outbox.files(series.uid) or []
        try:
            reason = self._store(series, files)
        except PacsError as error:
            reason = str(error)
        except ValueError as error:
            # What a crash of the machine left of it.
            self._outbox.remove(series.uid)
            return self._failed(record, one_line(error))
        if reason:
            record = record.later(REFUSED, reason)
            self._records.write(record)
            return Outcome(REFUSED, record, worked)
        outcome = self._end(
            replace(record, objects=len(files)), DONE, worked=worked
        )
        self._outbox.remove(series.uid)
        return outcome

    def _store(self, series: Series, files: Sequence[Path]) -> str:
        """Why results were not stored; '' if they are."""
        if not self._instances(series):
            # Deleted: results alone would bring the study back.
            return 'the series is not on the server'
        for path in files:
            reason = self._patience.ask(
                partial(self._server.store, path, series.study_uid)
            )
            if reason:
                return reason
        return ''

    def _failed(self, record: Record, reason: str) -> Outcome:
        if record.attempts + 1 >= MAX_ATTEMPTS:
            return self._end(record, BAD, f'{MAX_ATTEMPTS} times: {reason}')
        record = record.later(FAILED, reason)
        self._records.write(record)
        return Outcome(FAILED, record)

    def _end(
        self,
        record: Record,
        status: str,
        reason: str = '',
        worked: bool = False,
    ) -> Outcome:
        record = replace(record, status=status, reason=reason, next_try_s=0.0)
        self._records.write(record)
        self._resting.forget(record.series_uid)
        return Outcome(status, record, worked)

    def _place(self, series: Series) -> Path:
        return self._scratch / series.uid


def _new(series: Series, instances: int | None = None) -> Record:
    if instances is None:
        instances = series.instances or 0
    return Record(series.uid, BEGUN, instances)
