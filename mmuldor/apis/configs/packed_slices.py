"""Let a config load packed slices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmengine.config import Config

_LOAD = ('mmuldor.LoadCTSlices', 'LoadCTSlices')


def set_store(
    config: Config, store: str | None, default_store: str | None
) -> None:
    """Set the ``store`` of each ``LoadCTSlices``, wherever it stands.

    Args:
        config: Changed in place.
        store: Folder that ``data_prep/pack_deeplesion.py`` made, for all.
        default_store: The same for those whose ``store`` is None. One that
            has no such key belongs to other data.
    """
    for step in _loading_steps(dict(config.items())):
        if store:
            step['store'] = store
        elif default_store and step.get('store', '') is None:
            step['store'] = default_store


def _loading_steps(value: Any) -> Iterator[dict]:
    if isinstance(value, dict):
        if value.get('type') in _LOAD:
            yield value
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _loading_steps(item)
