"""Waiting for a server, or for room on a disk, with growing pauses."""

from __future__ import annotations

import errno
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from mmuldor.pacs.dicomweb.errors import PacsError

Result = TypeVar('Result')

# How often a request is made that fails while the server answers others.
TRIES = 4
# Part of a pause that is left to chance, so that several processes do not ask
# at once after an outage.
_JITTER = 0.2
_FULL = (errno.ENOSPC, errno.EDQUOT)


class GaveUpError(Exception):
    """The server was away, or the disk full, for longer than allowed."""


@dataclass(frozen=True)
class Pauses:
    """Pauses between tries, each twice as long as the last one.

    Attributes:
        first_s: The first pause.
        most_s: No pause is longer.
        give_up_s: After so long without success; None waits for ever.
    """

    first_s: float = 1.0
    most_s: float = 300.0
    give_up_s: float | None = None

    def nominal(self) -> Iterator[float]:
        """The pauses in s, without chance."""
        pause = self.first_s
        while True:
            yield min(pause, self.most_s)
            pause = min(2 * pause, self.most_s)


class Patience:
    """Makes requests until they succeed.

    Args:
        check: Asks the server for anything; raises PacsError.
        say: Called with lines for the log.
        pauses: Between tries.
        sleep: Waits; replaced in tests.
        clock: Time in s; likewise.
    """

    def __init__(
        self,
        check: Callable[[], object],
        say: Callable[[str], object],
        pauses: Pauses,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._check, self._say, self._pauses = check, say, pauses
        self._sleep, self._clock = sleep, clock

    def ask(
        self, request: Callable[[], Result], tries: int | None = TRIES
    ) -> Result:
        """Make a request until it succeeds.

        While the server does not answer at all, it is made for ever, or until
        the pauses give up.

        Args:
            request: Raises PacsError.
            tries: How often it may fail while the server answers others; once
                where that is final. None for a request without which nothing
                can be done.

        Raises:
            GaveUpError: If the server was away for too long.
            PacsError: If the server does not do what is asked.
        """
        failures = 0

        def attempt() -> Result:
            nonlocal failures
            try:
                return request()
            except PacsError as error:
                if tries is None:
                    raise
                if not error.final and self._answers():
                    failures += 1
                if error.final or failures >= tries:
                    raise _FinalError(error) from None
                raise

        try:
            return self._until_it_works(attempt, _server_problem)
        except _FinalError as error:
            raise error.cause from None

    def with_room(self, work: Callable[[], Result]) -> Result:
        """Work until the disk has room for it.

        Raises:
            GaveUpError: If it was full for too long.
            OSError: Of another kind.
        """
        return self._until_it_works(work, _disk_problem)

    def _answers(self) -> bool:
        try:
            self._check()
        except PacsError:
            return False
        return True

    def _until_it_works(
        self,
        work: Callable[[], Result],
        problem_of: Callable[[Exception], str],
    ) -> Result:
        # Of the first failure: the work itself may take hours.
        start = 0.0
        before = ''
        for pause in self._pauses.nominal():
            try:
                result = work()
            except (PacsError, OSError) as error:
                problem = problem_of(error)
                if not problem:
                    raise
            else:
                if before:
                    waited = self._clock() - start
                    self._say(f'goes on after {waited:.0f} s')
                return result
            if not before:
                start = self._clock()
            before = problem
            limit = self._pauses.give_up_s
            if limit is not None and self._clock() - start >= limit:
                raise GaveUpError(f'{problem} for {limit:g} s')
            self._say(f'{problem}; next try in {pause:.0f} s')
            self._sleep(pause * (1 + _JITTER * random.random()))
        raise AssertionError('pauses have no end')


class _FinalError(Exception):
    def __init__(self, cause: PacsError) -> None:
        super().__init__()
        self.cause = cause


def is_full(error: BaseException) -> bool:
    """Whether an error says that there is no room for a file."""
    return isinstance(error, OSError) and error.errno in _FULL


def _server_problem(error: Exception) -> str:
    if not isinstance(error, PacsError):
        return ''
    return f'the server does not do what it should ({error})'


def _disk_problem(error: Exception) -> str:
    return 'the disk of --work is full' if is_full(error) else ''
