"""Publish a model as one file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmuldor.apis.bundle.card import model_card
from mmuldor.apis.bundle.container import (
    CALIBRATION,
    CARD,
    CONFIG,
    WEIGHTS,
    archive_of,
    bundle_name,
)
from mmuldor.apis.bundle.inference_config import full_config, plain_config
from mmuldor.apis.bundle.manifest import (
    check_manifest,
    sha256,
    to_json,
    with_manifest,
)
from mmuldor.apis.bundle.metrics import metrics_of, metrics_of_volumes
from mmuldor.apis.bundle.tensors import to_bytes
from mmuldor.apis.bundle.trained import Trained, file_name
from mmuldor.apis.configs.loading import load_config
from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.apis.provenance import config_sha256, file_facts, versions
from mmuldor.cli.config_values import parse_config_text
from mmuldor.commands import BUNDLE_SUFFIX, command_name
from mmuldor.evaluation.calibration.calibration_file import (
    CalibrationFile,
    calibration_of,
)
from mmuldor.evaluation.calibration.use_on_volumes import check_of_volumes
from mmuldor.io.json_files import parse_json, read_whole, replacing
from mmuldor.io.paths import existing_file, out_folder, printable


@dataclass(frozen=True)
class Statements:
    """What a publisher states, for the card.

    Attributes:
        data: Name of the training data.
        licence: Licence of the weights.
        limits: What to add to the limits.
    """

    data: str | None = None
    licence: str = 'not stated'
    limits: str | None = None


def publish_bundle(
    checkpoint: str | os.PathLike,
    out_dir: str | os.PathLike,
    *,
    config: str | None = None,
    calibration: str | os.PathLike | None = None,
    name: str | None = None,
    froc: str | os.PathLike | None = None,
    row: str | None = None,
    statements: Statements | None = None,
) -> Path:
    """Write a model as one file: weights, config, calibration and card.

    The file is a zip archive, see :mod:`mmuldor.apis.bundle.container`. Its
    name has the first eight digits of its SHA-256. The same input gives the
    same bytes. The model is built once, to see that the file is whole.

    Args:
        checkpoint: Checkpoint file of a training.
        out_dir: Output folder; created if missing.
        config: Config of the training. By default the one that the checkpoint
            records, of which nothing is run.
        calibration: File of ``tools/calibrate.py --volumes``.
        name: First part of the file's name; by default the config's name.
        froc: See :func:`mmuldor.apis.bundle.metrics.metrics_of`.
        row: See there.
        statements: For the card.

    Returns:
        The file.

    Raises:
        FileNotFoundError: If an input is missing.
        ValueError: If an input is wrong, or inputs do not fit together.
    """
    out = out_folder(out_dir)
    trained = Trained.of_file(checkpoint)
    said = statements or Statements()
    full = _config(checkpoint, trained, config)
    plain = _plain(full)
    source = _source(checkpoint, full)
    metrics = metrics_of(froc, row)
    parts = {CONFIG: to_json(plain), WEIGHTS: to_bytes(trained.weights)}
    if calibration is not None:
        parts[CALIBRATION], fitted = _calibration(calibration, source)
        source['calibration'] = file_facts(calibration)
        metrics |= metrics_of_volumes(fitted)
    default = trained.config_name or Path(full.filename).stem
    name = file_name(name or default)
    parts[CARD] = _card(name, trained, source, metrics, said).encode()
    about = _about(name, trained, source, metrics, said)
    parts = with_manifest(about, parts)
    content = archive_of(parts)
    # Nothing is written that could not be loaded.
    check_manifest(parts)
    LesionDetector(full_config(plain, checkpoint), trained.weights, 'cpu')
    file = out / bundle_name(name, sha256(content))
    with replacing(file) as temporary:
        temporary.write_bytes(content)
    return file


def _config(
    checkpoint: str | os.PathLike, trained: Trained, config: str | None
) -> Config:
    """The config of a training: a file, or what the checkpoint records."""
    if config is not None:
        return load_config(config)
    advice = 'Name the config of the training with `--config`.'
    if not trained.config_text.strip():
        raise ValueError(
            f"'{checkpoint}' must record its config, but does not. {advice}"
        )
    try:
        found = parse_config_text(trained.config_text)
    except ValueError as error:
        raise ValueError(
            f"'{checkpoint}': the config that it records must be plain "
            f'settings, but {str(error).rstrip(".")}. {advice}'
        ) from error
    name = f'{trained.config_name or Path(checkpoint).stem}.py'
    return Config(found, cfg_text=trained.config_text, filename=name)


def _plain(full: Config) -> dict[str, Any]:
    try:
        return plain_config(full)
    except ValueError as error:
        raise ValueError(
            f"config '{full.filename}' cannot go into a bundle: "
            f'{str(error).rstrip(".")}. Use config and checkpoint instead.'
        ) from error


def _source(checkpoint: str | os.PathLike, full: Config) -> dict[str, Any]:
    """The files that a bundle is made of, as its manifest names them."""
    return {
        'config': {
            'name': printable(Path(full.filename).name),
            'sha256': config_sha256(full),
        },
        'checkpoint': file_facts(checkpoint),
        'calibration': None,
    }


def _calibration(
    path: str | os.PathLike, source: Mapping[str, Any]
) -> tuple[bytes, CalibrationFile]:
    """A calibration's content, if it is of this model."""
    content = read_whole(existing_file(path, '`--calibration`'))
    fitted = calibration_of(parse_json(content, path), path)
    check_of_volumes(fitted)
    for key in ('checkpoint', 'config'):
        stated = getattr(fitted.settings, f'{key}_sha256', None)
        if stated is not None and stated != source[key]['sha256']:
            raise ValueError(
                f"'{path}' must be a calibration of this model, but was "
                f'fitted on the {key} of SHA-256 {stated[:8]}, not '
                f'{source[key]["sha256"][:8]}. Name the config and the '
                f'checkpoint that {command_name("infer")} ran with, the '
                'config by `--config`.'
            )
    return content, fitted


def _about(
    name: str,
    trained: Trained,
    source: Mapping[str, Any],
    metrics: Mapping[str, str],
    said: Statements,
) -> dict[str, Any]:
    """What the manifest says."""
    facts = {key: trained.meta.get(key) for key in ('epoch', 'seed')}
    return {
        'name': name,
        'source': source,
        'classes': list(trained.classes),
        'parameters': trained.parameters,
        'training': {
            'data': said.data,
            'licence': said.licence,
            'limits': said.limits,
            # Of a checkpoint, which may hold anything.
            **{k: v if type(v) is int else None for k, v in facts.items()},
        },
        'metrics': dict(metrics),
        'versions': versions(),
    }


def _hashes(source: Mapping[str, Any]) -> dict[str, str]:
    return {
        f'SHA-256 of the {key}': file['sha256']
        for key, file in source.items()
        if file is not None
    } | {f'version of {k}': v for k, v in versions().items() if v}


def _card(
    name: str,
    trained: Trained,
    source: Mapping[str, Any],
    metrics: Mapping[str, str],
    said: Statements,
) -> str:
    # The file's name has a checksum, which the card is part of.
    file = f'{name}-*{BUNDLE_SUFFIX}'
    commands = (
        f'mmuldor infer SCAN --model {file} --out found\n'
        '# then open found/report.html; SCAN is a NIfTI file or a DICOM '
        f'folder\nunzip -l {file}   # what is in the file\n'
        f"sha256sum {file}  # its first 8 digits end the file's name"
    )
    config, fitted = source['config']['name'], source['calibration']
    properties = trained.properties(said.data, said.licence, config)
    properties['calibration'] = (
        'none: a score is no probability' if fitted is None else fitted['name']
    )
    text = model_card(
        name,
        {**properties, **_hashes(source)},
        metrics,
        commands,
        limits=said.limits,
    )
    return printable(text)
