"""A progress bar of long work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rich.console import Console
from rich.progress import track

# Wraps the items of a loop; gets them, their number and a description.
Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]


def no_progress(items: Iterable[Any], total: int, text: str) -> Iterable[Any]:
    """The items as they are; a `Progress`."""
    return items


def progress_bar(
    items: Iterable[Any],
    text: str,
    total: int | None = None,
    shown: bool = True,
) -> Iterable[Any]:
    """The items of a loop, with a bar on stderr that vanishes at its end.

    A file or a pipe in place of a terminal would get an empty line a bar, so
    it gets nothing.

    Args:
        items: The items.
        text: What is done.
        total: Their number, where it cannot be told from the items.
        shown: False in all processes of a run but one.
    """
    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        return items
    return track(items, text, total, console=console, transient=True)
