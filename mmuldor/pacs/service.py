"""Goes through the series of a server, once or for ever."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mmuldor.pacs.dicomweb.errors import PacsError
from mmuldor.pacs.dicomweb.server import Series, Server
from mmuldor.pacs.patience import Patience
from mmuldor.pacs.records import DONE, Record
from mmuldor.pacs.series_work import (
    BUSY,
    GROWING,
    Outcome,
    SeriesWork,
)

# What the next round may find otherwise.
_UNDECIDED = (BUSY, GROWING)


@dataclass
class Plan:
    """What is done when.

    Attributes:
        every_s: Pause between two looks at the server.
        once: End when each series that is there is done or left alone.
        filters: Gives the conditions of a search, beside the modality.
    """

    every_s: float = 30.0
    once: bool = False
    filters: Callable[[], Mapping[str, str]] = dict


class Service:
    """Finds series and has them worked on.

    Args:
        server: The server.
        work: Works on one.
        patience: For the server and for the disk.
        plan: What is done when.
        say: Called with lines for the log: UIDs and counts alone.
        sleep: Waits; replaced in tests.
    """

    def __init__(
        self,
        server: Server,
        work: SeriesWork,
        patience: Patience,
        plan: Plan,
        say: Callable[[str], object],
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._server, self._work, self._patience = server, work, patience
        self._plan, self._say, self._sleep = plan, say, sleep
        # Series that nothing is to be done for, with their instances then.
        self._settled: dict[str, int | None] = {}
        self._last: dict[str, str] = {}
        self._first = True

    def check(self) -> None:
        """Fail early if the server is there, but not for us.

        Raises:
            ValueError: If it refuses to search.
        """
        self._patience.ask(self._check, tries=None)

    def _check(self) -> None:
        try:
            self._server.check()
        except PacsError as error:
            # Later a server may be half started; now it is a mistake.
            if error.away:
                raise
            raise ValueError(
                f'the server must answer a search, but: {error}. '
                + _advice(error)
            ) from None

    def run(self) -> Counter[str]:
        """Work until the end, which only `once` has.

        Returns:
            How many series have which status.

        Raises:
            GaveUpError: If the server was away for too long.
        """
        self._say('started')
        while True:
            undecided = self._round()
            counts = Counter(self._last.values())
            if self._plan.once and not undecided:
                self._say(f'ended: {_listed(counts)}')
                return counts
            self._sleep(self._plan.every_s)

    def _round(self) -> int:
        """Look at all series; returns how many the next round decides."""
        found = self._patience.ask(
            lambda: list(self._server.ct_series(self._plan.filters())),
            tries=None,
        )
        if self._first:
            self._say(f'{len(found)} series are there')
            self._first = False
        undecided = 0
        for series in found:
            if self._is_settled(series):
                continue

            def work(series: Series = series) -> Outcome:
                return self._timed(series)

            outcome = self._patience.with_room(work)
            undecided += outcome.status in _UNDECIDED
        return undecided

    def _is_settled(self, series: Series) -> bool:
        if series.uid not in self._settled:
            return False
        before = self._settled[series.uid]
        if before == series.instances:
            return True
        if self._last[series.uid] != DONE:
            return False
        self._settled[series.uid] = series.instances
        self._say(
            f'series {series.uid}: has {series.instances} instances now, '
            f'{before} before; its results stay'
        )
        return True

    def _timed(self, series: Series) -> Outcome:
        start = time.monotonic()
        outcome = self._work.one(series)
        self._note(series, outcome, time.monotonic() - start)
        return outcome

    def _settle(self, series: Series, record: Record) -> None:
        if record.settled:
            # It may have grown between two processes.
            known = series.instances is not None
            self._settled[series.uid] = record.instances if known else None

    def _note(self, series: Series, outcome: Outcome, seconds: float) -> None:
        record, uid = outcome.record, series.uid
        if record is not None and outcome.status == record.status:
            self._settle(series, record)
        changed = self._last.get(uid) != outcome.status
        self._last[uid] = outcome.status
        if not changed or outcome.known or outcome.status in _UNDECIDED:
            return
        line = f'series {uid}: {outcome.status}'
        if record is not None:
            line += f', {record.instances} instances'
            if record.status != DONE:
                line += f'; why: {self._work.reason_at(series)}'
            elif record.lesions is not None:
                line += f', {record.lesions} lesions, {record.objects} objects'
        if outcome.worked:
            line += f', {seconds:.1f} s'
        self._say(line)


def _advice(error: PacsError) -> str:
    if error.not_allowed:
        return 'Are the credentials right?'
    if 'SSL' in str(error):
        return 'Is its certificate that of `--ca-file`?'
    return (
        'Does `--dicomweb` end with the path of the service, like /dicom-web?'
    )


def _listed(counts: Counter[str]) -> str:
    if not counts:
        return 'no series'
    return ', '.join(f'{n} {status}' for status, n in sorted(counts.items()))
