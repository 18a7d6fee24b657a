"""One thread for many short operations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one CPU thread inside the block.

    The operators here consist of many short steps, and threads synchronise
    after each step. On a busy machine that took up to twenty times as long.
    mmcv's compiled operators use one thread, too.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
