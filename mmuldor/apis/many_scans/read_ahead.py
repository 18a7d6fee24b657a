"""Read the next scan while the last one is being worked on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

Item = TypeVar('Item')
Result = TypeVar('Result')


class Reading(Generic[Result]):
    """Work in a thread that does not keep the process alive.

    Args:
        work: Called once, without arguments.
    """

    def __init__(self, work: Callable[[], Result]) -> None:
        self._work = work
        self._result: list[Result] = []
        self._error: Exception | None = None
        # A daemon, so that Ctrl-C needs not wait for a large file.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result.append(self._work())
        except Exception as error:
            self._error = error

    def wait(self) -> None:
        """Wait for the end of the work."""
        self._thread.join()

    def take(self) -> Result:
        """The result, which can be taken once and is not kept; or its error.

        Raises:
            Exception: What the work raised.
        """
        self.wait()
        if self._error is not None:
            raise self._error
        return self._result.pop()


def read_ahead(
    items: Sequence[Item], read: Callable[[Item], Result]
) -> Iterator[tuple[Item, Reading[Result]]]:
    """Read items in a thread, one at a time and one ahead.

    Beside the result that the caller works on, at most one is in memory, if
    the caller drops it before it asks for the next one.

    Args:
        items: What to read.
        read: Reads one.

    Yields:
        Each item and its reading, which is over.
    """
    following: Reading[Result] | None = None
    for index, item in enumerate(items):
        reading = following or _start(read, item)
        reading.wait()
        following = None
        if index + 1 < len(items):
            following = _start(read, items[index + 1])
        yield item, reading


def _start(read: Callable[[Item], Result], item: Item) -> Reading[Result]:
    return Reading(lambda: read(item))
