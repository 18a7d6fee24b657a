"""Which files are opened, by whatever function of Python."""

import contextlib
import os
import sys
from collections import Counter

_counters = []


def _audit(event, arguments):
    # Descriptors that are opened again are numbers.
    if event == 'open' and _counters and not isinstance(arguments[0], int):
        path = os.path.abspath(os.fsdecode(arguments[0]))
        for counter in _counters:
            counter[path] += 1


# There is no way to take it away again.
sys.addaudithook(_audit)


@contextlib.contextmanager
def opened_files():
    """Yields a `Counter` of absolute paths, filled within the block."""
    counter = Counter()
    _counters.append(counter)
    try:
        yield counter
    finally:
        # Not by `remove`, which takes an equal one.
        _counters[:] = [other for other in _counters if other is not counter]
