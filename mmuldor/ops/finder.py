"""Import finder that answers for ``mmcv._ext`` where nobody else does."""

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

    It stands last in ``sys.meta_path``, so it is asked only after Python's own
    finders found no compiled ``mmcv._ext``: nothing is ever replaced. A
    compiled one that is found but cannot be loaded is an error, not a case for
    the stand-in; :func:`mmuldor.ops.backend` explains it.
    """

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> ModuleSpec | None:
        """Return the stand-in's spec for ``mmcv._ext``, None for all else."""
        if fullname != EXTENSION_NAME:
            return None
        return spec_from_file_location(fullname, STAND_IN_FILE)


def install_finder() -> None:
    """Append one :class:`StandInFinder` to ``sys.meta_path``."""
    if not any(isinstance(f, StandInFinder) for f in sys.meta_path):
        sys.meta_path.append(StandInFinder())
