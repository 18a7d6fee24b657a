"""Keep small work on one thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread on the CPU inside the block.

    The operators here are many short steps. Shared between threads, each step
    ends with waiting for the slowest; on a machine that is busy otherwise that
    was seen to take twenty times as long. mmcv's compiled operators run on one
    thread, too.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
