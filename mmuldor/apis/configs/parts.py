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


def type_name(part: Any) -> str:
    """The name of a part's class without its package; 'None' without one.

    Args:
        part: A dict whose ``type`` is a text or a class.
    """
    kind = part.get('type') if isinstance(part, dict) else None
    return str(getattr(kind, '__name__', kind)).rpartition('.')[2]
