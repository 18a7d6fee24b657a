"""The parts of a setting, at any depth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def parts_of(value: Any, path: str = '') -> Iterator[tuple[str, Any]]:
    """A value and all that dicts and lists in it hold, each with its key.

    Args:
        value: A setting, or a whole config as a dict.
        path: Its key, as ``train_dataloader.dataset``; empty for a config.
    """
    yield path, value
    before = f'{path}.' if path else ''
    if isinstance(value, dict):
        for key, below in value.items():
            yield from parts_of(below, f'{before}{key}')
    elif isinstance(value, (list, tuple)):
        for number, below in enumerate(value):
            yield from parts_of(below, f'{before}{number}')
