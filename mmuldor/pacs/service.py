"""Goes through the series of a server, once or for ever."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from mmuldor.pacs.dicomweb.errors import PacsError
from mmuldor.pacs.dicomweb.server import Series, Server
from mmuldor.pacs.patience import Patience
from mmuldor.pacs.records import DONE
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
        self._first, self._left_out = True, 0

    def check(self) -> None:
        """Fail early if the server is there, but not for us.

        Raises:
            ValueError: If it refuses to search.
        """
        self._patience.ask(self._check, tries=None)

    def _check(self) -> None:
        advice = ''
        try:
            self._server.check()
            advice = 'Can it search for `--filter`?'
            self._server.ct_series(self._plan.filters())
        except PacsError as error:
            # Later a server may be half started; now it is a mistake.
            if error.away:
                raise
            raise ValueError(
                f'the server must answer a search, but: {error}. '
                + (advice or _advice(error))
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
        self._patience.with_room(self._offer)
        found, left_out = self._patience.ask(
            lambda: self._server.ct_series(self._plan.filters()),
            tries=None,
        )
        if self._first:
            self._say(f'{len(found)} series are there')
            self._first = False
        if left_out != self._left_out:
            self._left_out = left_out
            self._say(
                f'{left_out} series are left out: their UIDs are not valid, '
                'or those of a series of another study'
            )
        there = {series.uid for series in found}
        self._last = {
            uid: status
            for uid, status in self._last.items()
            if uid in there or status not in _UNDECIDED
        }
        undecided = 0
        for series in found:
            if self._is_settled(series):
                continue

            outcome = self._patience.with_room(
                partial(self._with_offers, series)
            )
            self._settle(series, outcome)
            undecided += outcome.status in _UNDECIDED
        return undecided

    def _offer(self) -> None:
        """Offer results that the server did not take before."""
        for series in self._work.waiting():
            self._timed(series)

    def _with_offers(self, series: Series) -> Outcome:
        try:
            return self._timed(series)
        except OSError:
            # Results that the server takes make room on a full disk.
            self._offer()
            raise

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

    def _settle(self, series: Series, outcome: Outcome) -> None:
        record = outcome.record
        if record is None or outcome.status != record.status:
            return
        if record.settled:
            # It may have grown between two processes.
            known = series.instances is not None
            self._settled[series.uid] = record.instances if known else None

    def _note(self, series: Series, outcome: Outcome, seconds: float) -> None:
        record, uid = outcome.record, series.uid
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
                if record.notes:
                    where = self._work.reason_at(series)
                    line += f', {len(record.notes)} notes: {where}'
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
