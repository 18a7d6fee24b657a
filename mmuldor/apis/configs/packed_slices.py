"""Let a config load packed slices."""

from __future__ import annotations

from mmengine.config import Config

from mmuldor.apis.configs.parts import parts_of, type_name


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
    for _, step in parts_of(dict(config.items())):
        if type_name(step) != 'LoadCTSlices':
            continue
        if store:
            step['store'] = store
        elif default_store and step.get('store', '') is None:
            step['store'] = default_store
