"""mutmut's verdicts, read from its files, and the seeded sample."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from mutmut.stats import status_by_exit_code

# The tests failed, or did not come to an end.
KILLED = ('killed', 'timeout', 'segfault')
# Nothing has been decided.
OPEN = ('not checked', 'check was interrupted by user')


def read_verdicts(stage: Path) -> dict[str, str]:
    """mutmut's status of every mutant by its name."""
    found = {}
    mutated = stage / 'mutants'
    for path in sorted((mutated / 'mmuldor').rglob('*.meta')):
        if not (stage / path.relative_to(mutated).with_suffix('')).is_file():
            # Of a source that has been moved or removed since.
            continue
        codes = json.loads(path.read_text())['exit_code_by_key']
        for name, code in codes.items():
            found[name] = status_by_exit_code[code]
    return found


def draw(names: list[str], count: int, seed: int) -> list[str]:
    """A sample, without replacement, in the order of a hash of the names.

    A mutant stays in the sample while other functions change: a name is the
    function's and a number within it.
    """

    def rank(name: str) -> str:
        return hashlib.sha256(f'{seed} {name}'.encode()).hexdigest()

    return sorted(names, key=rank)[:count]
