"""Progress bars of long work."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.console import Console
from rich.progress import track

# (what is done, how much there is, the items) -> the items, with a bar.
Progress = Callable[[str, int, Iterable], Iterable]


def no_progress(what: str, total: int, items: Iterable) -> Iterable:
    """The items alone."""
    return items


def progress_bar(what: str, total: int, items: Iterable) -> Iterable:
    """The items, with a bar on stderr."""
    return track(items, what, total, console=Console(stderr=True))
