"""How much memory a piece of work takes at its peak."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

_CLEAR = Path('/proc/self/clear_refs')


@contextlib.contextmanager
def at_most(more_bytes: float) -> Iterator[None]:
    """Fail if the process grows by more than this at any time inside.

    What ran before does not count: Linux forgets the peak so far when told
    to. Elsewhere only what goes beyond it is seen.
    """
    if _CLEAR.exists():
        _CLEAR.write_text('5')
    before = _peak_bytes()
    yield
    grown = _peak_bytes() - before
    assert grown < more_bytes, f'{grown / 1e6:.0f} MB more'


def _peak_bytes() -> int:
    if _CLEAR.exists():
        lines = Path('/proc/self/status').read_text().splitlines()
        (line,) = [text for text in lines if text.startswith('VmHWM')]
        return int(line.split()[1]) * 1024
    # In bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
