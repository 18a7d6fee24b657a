"""Mutants that no test can tell from the original, each with its reason."""

from __future__ import annotations

import json
from pathlib import Path

LIST = Path(__file__).with_name('equivalent.json')
_KEYS = ('file', 'function', 'before', 'after', 'reason')

Key = tuple[str, str, str, str]


def load_equivalent(path: Path = LIST) -> dict[Key, str]:
    """The reason of each, by file, function, text before and after.

    Raises:
        ValueError: Names the entry.
    """
    found: dict[Key, str] = {}
    for index, entry in enumerate(json.loads(path.read_text('utf-8'))):
        if tuple(entry) != _KEYS or not all(
            isinstance(value, str) for value in entry.values()
        ):
            raise ValueError(
                f'{path}: entry {index} must have the texts '
                f'{", ".join(_KEYS)}, in this order, but got {entry}.'
            )
        file, function, before, after, reason = entry.values()
        if not reason or (file, function, before, after) in found:
            raise ValueError(
                f'{path}: entry {index} must have a reason and stand once: '
                f'{entry}.'
            )
        found[file, function, before, after] = reason
    return found
