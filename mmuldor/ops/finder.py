"""Import finder for ``mmcv._ext`` where mmcv has no compiled operators."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path

EXTENSION_NAME = 'mmcv._ext'
STAND_IN_FILE = Path(__file__).with_name('extension.py')


class StandInFinder(MetaPathFinder):
    """Finds ``extension.py`` under the name of mmcv's compiled extension.

    It is the last in ``sys.meta_path``, so a compiled ``mmcv._ext`` has
    priority and is never replaced. A compiled one that cannot be loaded is an
    error, which :func:`mmuldor.ops.backend` explains; the stand-in does not
    take its place.
    """

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> ModuleSpec | None:
        """Return the stand-in's spec for ``mmcv._ext``, None for others."""
        if fullname != EXTENSION_NAME:
            return None
        return spec_from_file_location(fullname, STAND_IN_FILE)


def install_finder() -> None:
    """Append one :class:`StandInFinder` to ``sys.meta_path``."""
    if not any(isinstance(f, StandInFinder) for f in sys.meta_path):
        sys.meta_path.append(StandInFinder())
