"""What a process that handles patient data must not say, and how it ends."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import traceback
import warnings
from collections.abc import Iterator
from datetime import datetime


def say(text: str) -> None:
    """A line of the log."""
    now = datetime.now().astimezone().isoformat(timespec='seconds')
    print(f'{now} {text}', flush=True)


@contextlib.contextmanager
def discreet() -> Iterator[None]:
    """Let libraries say nothing, and make files that only we may read.

    Warnings of pydicom quote values, and logs of HTTP quote URLs.
    """
    disabled, mask = logging.root.manager.disable, os.umask(0o077)
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        logging.disable(disabled)
        os.umask(mask)


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, by KeyboardInterrupt."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def where(error: BaseException) -> str:
    """Kind and place of an error, without its message."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f' in {frames[-1].filename}:{frames[-1].lineno}' if frames else ''
    return f'{type(error).__name__}{place}'
