"""Keep mmdet from naming packages that it can do without at every start.

onedl-mmdetection 3.5.1 has datasets that need another package, ``onedl``. If
that is missing, ``mmdet.datasets`` and ``mmdet.datasets.transforms`` call
``mmengine.logging.print_log`` at level DEBUG without a logger, and MMEngine
0.10 then prints the line at any level. Both modules import ``print_log`` just
before the call, so it is replaced while they are executed. Its COCO metric
warns that ``faster_coco_eval`` is missing; our metric is FROC.

Uses the standard library only: ``import mmuldor`` loads no framework.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from mmuldor.upstream.on_import.finders import Run, changed_spec

NOTICE = 'Could not import OneDL. Skipping OneDL datasets.'
METRIC_WARNING = 'faster_coco_eval is not installed'
MODULES = ('mmdet.datasets', 'mmdet.datasets.transforms')


class OneDLNoticeFinder(MetaPathFinder):
    """Executes the two modules without printing NOTICE."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return a spec for the two modules, None for all others."""
        if fullname not in MODULES:
            return None
        return changed_spec(fullname, path, target, _run_quietly)


def _run_quietly(run: Run, module: ModuleType) -> None:
    with _without_notice():
        run(module)


@contextlib.contextmanager
def _without_notice() -> Iterator[None]:
    from mmengine import logging

    print_log = logging.print_log

    def without_notice(msg: object, *args: object, **kwargs: object) -> None:
        if msg != NOTICE:
            print_log(msg, *args, **kwargs)

    logging.print_log = without_notice
    try:
        yield
    finally:
        logging.print_log = print_log


def hide_start_notices() -> None:
    """Hide the lines of mmdet that say what it can do without.

    Puts one :class:`OneDLNoticeFinder` first in ``sys.meta_path``.
    """
    warnings.filterwarnings('ignore', METRIC_WARNING, UserWarning)
    if not any(isinstance(f, OneDLNoticeFinder) for f in sys.meta_path):
        sys.meta_path.insert(0, OneDLNoticeFinder())
