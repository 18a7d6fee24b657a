"""How often a piece of code opens each file to read it."""

import contextlib
import os
import sys
from collections import Counter
from pathlib import Path

# Audit hooks cannot be removed: one is added, and counts while it is told to.
_counting: list[Counter] = []
_added = False


def _count(event, args):
    if event != 'open' or not _counting:
        return
    path, _, flags = args
    reads = flags & (os.O_WRONLY | os.O_RDWR) == 0
    if reads and isinstance(path, (str, bytes, os.PathLike)):
        _counting[-1][Path(os.fsdecode(path)).absolute()] += 1


@contextlib.contextmanager
def counted_reads():
    """A counter of the openings for reading by absolute path.

    Python's own openings are seen, whatever function asks for them; those
    of compiled libraries are not.
    """
    global _added
    if not _added:
        sys.addaudithook(_count)
        _added = True
    reads = Counter()
    _counting.append(reads)
    try:
        yield reads
    finally:
        _counting.remove(reads)
