"""Configs may name ours from any folder: ``_base_ = 'mmuldor::uldor/...py'``.

MMEngine 0.10 knows ``package::path`` for OpenMMLab's own packages alone
(``MODULE2PACKAGE``; else it asserts), and gives what it reads in that way the
package's scope, in which types of mmdet without a prefix are not found. So
``Config._get_cfg_path`` is replaced: it finds our configs as if they lay
beside the config that names them.

For a config of another package MMEngine reads the package's whole list of
models each time, 102 YAML files of mmdet: 0.2 s for every ``mmdet::`` in a
chain of bases. The answer is kept for the process.

Uses the standard library only: ``import mmuldor`` loads no framework.
"""

from __future__ import annotations

import difflib
import functools
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from mmuldor.upstream.on_import.finders import Run, changed_spec

PREFIX = 'mmuldor::'
_MODULE = 'mmengine.config.config'
_PACKAGE = Path(__file__).resolve().parents[2]


def configs_folder() -> Path:
    """Where the shipped configs are: inside a wheel, or beside `mmuldor`."""
    inside = _PACKAGE / '.mim' / 'configs'
    return inside if inside.is_dir() else _PACKAGE.parent / 'configs'


def shipped_config(name: str) -> Path:
    """The file of ``mmuldor::FOLDER/NAME.py``; ``.py`` may be left out.

    Raises:
        FileNotFoundError: If there is none; names similar ones.
    """
    folder = configs_folder()
    wanted = name.removeprefix(PREFIX)
    path = folder / (wanted if wanted.endswith('.py') else f'{wanted}.py')
    if path.is_file():
        return path
    names = [str(p.relative_to(folder)) for p in sorted(folder.rglob('*.py'))]
    similar = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    hint = f'Similar: {", ".join(similar)}.' if similar else 'See there.'
    raise FileNotFoundError(
        f"'{name}' must name a config below {folder}, but there is no such "
        f'file. {hint}'
    )


class ConfigPrefixFinder(MetaPathFinder):
    """Lets MMEngine's `Config` know the prefix as soon as it is imported."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return a spec for MMEngine's module, None for all others."""
        if fullname != _MODULE:
            return None
        return changed_spec(fullname, path, target, _run_and_accept)


def know_own_configs() -> None:
    """Make ``mmuldor::`` known, now or when MMEngine is imported."""
    if _MODULE in sys.modules:
        _accept_prefix(sys.modules[_MODULE].Config)
    elif not any(isinstance(f, ConfigPrefixFinder) for f in sys.meta_path):
        sys.meta_path.insert(0, ConfigPrefixFinder())


def _run_and_accept(run: Run, module: ModuleType) -> None:
    run(module)
    _accept_prefix(module.Config)


def _accept_prefix(config: Any) -> None:
    original = config._get_cfg_path
    if getattr(original, 'knows_mmuldor', False):
        return

    @functools.cache
    def of_package(cfg_path: str) -> tuple[str, str | None]:
        # With a prefix, the file that names it plays no part.
        found: tuple[str, str | None] = original(cfg_path, '')
        return found

    def get_cfg_path(cfg_path: str, filename: str) -> tuple[str, str | None]:
        if cfg_path.startswith(PREFIX):
            return str(shipped_config(cfg_path)), None
        if '::' in cfg_path:
            return of_package(cfg_path)
        found: tuple[str, str | None] = original(cfg_path, filename)
        return found

    get_cfg_path.knows_mmuldor = True  # type: ignore[attr-defined]
    config._get_cfg_path = staticmethod(get_cfg_path)
