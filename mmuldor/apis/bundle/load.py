"""Read a bundle, whoever made it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from mmuldor.apis.bundle.card import check_card
from mmuldor.apis.bundle.container import (
    CALIBRATION,
    CARD,
    CONFIG,
    WEIGHTS,
    is_bundle,
    read_parts,
)
from mmuldor.apis.bundle.inference_config import check_config, full_config
from mmuldor.apis.bundle.manifest import check_manifest
from mmuldor.apis.bundle.tensors import from_bytes
from mmuldor.evaluation.calibration.calibration_file import (
    CalibrationFile,
    calibration_of,
)
from mmuldor.evaluation.calibration.use_on_volumes import check_of_volumes
from mmuldor.io.json_files import parse_json


@dataclass(frozen=True, eq=False)
class ModelBundle:
    """A model as `mmuldor publish` writes it, checked.

    Attributes:
        file: Its file.
        config: What inference needs of the config of its training.
        weights: Tensors by name, finite.
        calibration: Of volumes, with its operating point; None without.
        card: The model card, Markdown.
        about: What the bundle states, see
            :mod:`mmuldor.apis.bundle.manifest`.
    """

    file: Path
    config: Config
    weights: Mapping[str, torch.Tensor]
    calibration: CalibrationFile | None
    card: str
    about: Mapping[str, Any]


def load_bundle(path: str | os.PathLike[str]) -> ModelBundle:
    """Read and check a bundle; nothing of it is run or written to the disk.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no bundle, damaged, or names what is no part of a
            model; names file, part and key.
    """
    parts = read_parts(path)
    try:
        about = check_manifest(parts)
        plain = parse_json(parts[CONFIG], CONFIG)
        _of_part(CONFIG, check_config, plain)
        weights = _of_part(WEIGHTS, from_bytes, parts[WEIGHTS])
        card = _of_part(CARD, check_card, parts[CARD])
    except ValueError as error:
        raise ValueError(
            f"'{path}' must be a bundle that is safe to load, but "
            f'{str(error).rstrip(".")}. Do not use it, or publish the model '
            'again.'
        ) from error
    return ModelBundle(
        Path(path),
        full_config(plain, path),
        weights,
        _calibration(path, parts),
        card,
        about,
    )


def checkpoint_of(path: str | os.PathLike[str]) -> dict[str, Any] | None:
    """The weights of a bundle as a checkpoint; None of other files.

    Raises:
        ValueError: As for :func:`load_bundle`.
    """
    if not is_bundle(path):
        return None
    return {'state_dict': dict(load_bundle(path).weights), 'meta': {}}


def _of_part(name: str, function: Any, content: Any) -> Any:
    try:
        return function(content)
    except ValueError as error:
        raise ValueError(f'`{name}`: {error}') from error


def _calibration(
    path: str | os.PathLike[str], parts: Mapping[str, bytes]
) -> CalibrationFile | None:
    if CALIBRATION not in parts:
        return None
    name = f'{path}: {CALIBRATION}'
    fitted = calibration_of(parse_json(parts[CALIBRATION], name), name)
    check_of_volumes(fitted)
    return fitted
