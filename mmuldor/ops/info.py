"""Which operators are in use, and how to install the compiled ones."""

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
    """The operators that mmcv uses in this process.

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
    """The library behind the stand-in, whether that is in use or not."""
    from mmuldor.ops.torchvision_ops import torchvision_ops

    if torchvision_ops() is None:
        return 'stand-in in PyTorch'
    return 'stand-in on torchvision'


def compiled_operators(path: Path | None = None) -> ModuleType | None:
    """Return the compiled operators, for a comparison with the stand-in.

    Args:
        path: File of an extension module with mmcv's operators, or with only
            those that the stand-in has; None for the installed ones.

    Returns:
        The module; None if ``path`` is None and none is installed.

    Raises:
        FileNotFoundError: If ``path`` is no file.
        ImportError: If they cannot be loaded.
    """
    if path is None:
        in_use = backend() == 'compiled mmcv'
        return importlib.import_module(EXTENSION_NAME) if in_use else None
    if not path.is_file():
        raise FileNotFoundError(
            f"an extension module must be an existing file, but got '{path}'"
        )
    importlib.import_module('torch')  # loads the libraries they link to
    name = path.name.split('.')[0]
    loader = ExtensionFileLoader(name, str(path))
    spec = spec_from_loader(name, loader)
    # spec_from_loader gives None only for loaders without a file.
    module = module_from_spec(spec)  # type: ignore[arg-type]
    loader.exec_module(module)
    return module


def log_backend() -> None:
    """Log one line about the operators through MMEngine's current logger."""
    import torch
    from mmengine.logging import print_log

    message = f'NMS and RoIAlign: {backend()}'
    if message.endswith('in PyTorch'):
        from mmuldor.ops.torchvision_ops import unavailable_reason

        message += f' ({unavailable_reason()})'
    print_log(message, logger='current', level=logging.INFO)
    if torch.cuda.is_available():
        warn_of_plain_operators()


@lru_cache(maxsize=1)
def warn_of_plain_operators() -> None:
    """Warn once a process if the operators have no GPU kernels."""
    from mmengine.logging import print_log

    if backend().endswith('in PyTorch'):
        print_log(
            'this GPU computes NMS and RoIAlign in plain PyTorch, which is '
            'slow. Install torchvision: '
            'pip install --no-deps "$(python -m mmuldor.ops.torchvision_for)"',
            logger='current',
            level=logging.WARNING,
        )


def compile_hint() -> str:
    """The command that installs mmcv with its compiled operators.

    mmcv's ``setup.py`` compiles only if it can import torch, which is not
    possible in pip's build isolation. Without ``--no-cache-dir`` pip would
    install its cached wheel, which has no operators.
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
    # Imported here, since it takes longer than the rest of this package.
    from importlib import metadata

    for name in ('onedl-mmcv', 'mmcv', 'mmcv-lite'):
        try:
            return name.removesuffix('-lite'), metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    return 'onedl-mmcv', '2.3.6'
