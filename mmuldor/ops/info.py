"""Which operators are in use, and how to get the compiled ones."""

from __future__ import annotations

import importlib
import logging
from functools import lru_cache
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

from mmuldor.ops.finder import EXTENSION_NAME, STAND_IN_FILE


def backend() -> str:
    """Name the operators that mmcv uses in this process.

    Returns:
        ``'compiled mmcv'``, ``'stand-in on torchvision'`` or ``'stand-in in
        PyTorch'``.

    Raises:
        ImportError: If compiled operators are installed but cannot be loaded.
    """
    try:
        extension = importlib.import_module(EXTENSION_NAME)
    except ModuleNotFoundError:
        raise  # mmcv or torch itself is missing: Python's message is clear
    except ImportError as error:
        raise ImportError(
            'the compiled operators of mmcv must fit the installed torch, but '
            f'they cannot be loaded: {error}. {compile_hint()} To use the '
            'stand-in of mmuldor instead, leave out --no-build-isolation: '
            'then nothing is compiled.'
        ) from error
    if getattr(extension, '__file__', None) != str(STAND_IN_FILE):
        return 'compiled mmcv'
    return stand_in_backend()


def stand_in_backend() -> str:
    """Name what the stand-in computes with, in use or not."""
    from mmuldor.ops.torchvision_ops import torchvision_ops

    if torchvision_ops() is None:
        return 'stand-in in PyTorch'
    return 'stand-in on torchvision'


def compiled_operators(path: Path | None = None) -> ModuleType | None:
    """Return the compiled operators, for a comparison with the stand-in.

    Args:
        path: File of an extension module with mmcv's operators, or with only
            the three that the stand-in has; None for the installed ones.

    Returns:
        The module; None if none is installed and ``path`` is None.

    Raises:
        FileNotFoundError: If ``path`` is no file.
        ImportError: If they are there but cannot be loaded.
    """
    if path is None:
        in_use = backend() == 'compiled mmcv'
        return importlib.import_module(EXTENSION_NAME) if in_use else None
    if not path.is_file():
        raise FileNotFoundError(
            f"an extension module must be an existing file, but got '{path}'"
        )
    importlib.import_module('torch')  # its libraries, which they link to
    name = path.name.split('.')[0]
    loader = ExtensionFileLoader(name, str(path))
    spec = spec_from_loader(name, loader)
    # A loader of a file always has one.
    module = module_from_spec(spec)  # type: ignore[arg-type]
    loader.exec_module(module)
    return module


def log_backend() -> None:
    """Log one line about the operators through MMEngine's current logger."""
    import torch
    from mmengine.logging import print_log

    message = f'NMS and RoIAlign: {backend()}'
    if message.endswith('in PyTorch'):
        from mmuldor.ops.torchvision_ops import why_not

        message += f' ({why_not()})'
    print_log(message, logger='current', level=logging.INFO)
    if torch.cuda.is_available():
        warn_of_plain_operators()


@lru_cache(maxsize=1)
def warn_of_plain_operators() -> None:
    """Warn, once a process, where a GPU computes without kernels for it."""
    from mmengine.logging import print_log

    if backend().endswith('in PyTorch'):
        print_log(
            'this GPU computes NMS and RoIAlign in plain PyTorch, step by '
            'step. Let torchvision do it: run tools/setup_env.sh again, or '
            'pip install --no-deps "$(python -m mmuldor.ops.torchvision_for)"',
            logger='current',
            level=logging.WARNING,
        )


def compile_hint() -> str:
    """Say how to install mmcv with its compiled operators.

    mmcv's ``setup.py`` compiles when it can import torch, which pip's build
    isolation hides from it. Without ``--no-cache-dir`` pip would take the
    wheel without operators that it built and kept before.
    """
    name, version = _mmcv_distribution()
    return (
        'Install compiled mmcv (needs a C++ compiler, and about an hour on '
        'two cores; on a GPU machine also nvcc): '
        "pip install 'setuptools>=80' wheel packaging ninja && "
        'pip install --force-reinstall --no-deps --no-cache-dir '
        f'--no-build-isolation --no-binary {name} {name}=={version}'
    )


def _mmcv_distribution() -> tuple[str, str]:
    """Name and version of the installed distribution that holds mmcv."""
    # Takes longer to import than the rest of this package.
    from importlib import metadata

    for name in ('onedl-mmcv', 'mmcv', 'mmcv-lite'):
        try:
            return name.removesuffix('-lite'), metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    return 'onedl-mmcv', '2.3.6'
