"""Change a module of a library while it is imported.

Uses the standard library only: ``import mmuldor`` loads no framework.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

Run = Callable[[ModuleType], None]


def changed_spec(
    fullname: str,
    path: Sequence[str] | None,
    target: ModuleType | None,
    execute: Callable[[Run, ModuleType], None],
) -> ModuleSpec | None:
    """The spec of a module, executed by a function of ours.

    Args:
        fullname, path, target: As of ``MetaPathFinder.find_spec``.
        execute: Called with the loader's own ``exec_module`` and the module.

    Returns:
        None if there is no such module.
    """
    spec = PathFinder.find_spec(fullname, path, target)
    if spec is not None and spec.loader is not None:
        run = spec.loader.exec_module
        spec.loader.exec_module = (  # type: ignore[method-assign]
            lambda module: execute(run, module)
        )
    return spec
