"""What found the lesions of a scan: programs, model, settings, date.

The object ``provenance`` of ``lesions.json``::

    {"mmuldor": "0.1.0", "mmdet": "3.5.1", "mmengine": "...", "mmcv": "...",
     "torch": "2.13.0", "python": "3.11.7", "device": "cpu",
     "operators": "compiled mmcv",
     "config": {"name": "mask-rcnn.py", "sha256": "..."},
     "checkpoint": {"name": "epoch_12.pth", "sha256": "..."},
     "calibration": {"name": "calibration.json", "sha256": "..."},
     "bundle": {"name": "uldor-0a1b2c3d.mmuldor", "sha256": "..."},
     "score_thr": 0.71, "slice_score_thr": 0.05,
     "fps_per_volume": 4.0, "sensitivity": null,
     "step_mm": null, "batch_size": 4, "crop_to_body": true,
     "views": {"flips": ["horizontal"], "slice_offsets_mm": [0.0]},
     "requested_series_uid": null, "requested_spacing_mm": null,
     "accept_values": false,
     "source_files": {"files": 80, "bytes": 42000000,
                      "newest": "2026-11-28T10:00:00.000000+00:00"},
     "date": "2026-11-29T07:17:44+01:00", "duration_s": 12.3,
     "study_uid": "...", "series_uid": "...", "frame_of_reference_uid": "..."}

Null are: what was not given, `bundle`, `calibration` and `views` where none is
used, and the UIDs unless the scan is a DICOM series. Of a bundle, `config`,
`checkpoint` and `calibration` are the files that it says it was made of.
`score_thr` is that of lesions, `slice_score_thr` that of detections before
they are joined to lesions. `newest` is the last change of one of the scan's
files. `date` is the start, `duration_s` includes reading and writing.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

import mmuldor
from mmuldor.apis.bundle.load import ModelBundle
from mmuldor.io.paths import files_below, printable
from mmuldor.ops.info import backend

# Where a run writes and how it is started changes no detection.
_NO_SETTINGS = ('work_dir', 'launcher', 'calibration')
_PACKAGES = {
    'mmdet': 'onedl-mmdetection',
    'mmengine': 'onedl-mmengine',
    'mmcv': 'onedl-mmcv',
}


def model_provenance(
    config: Config,
    checkpoint: str | os.PathLike | ModelBundle,
    calibration: str | os.PathLike | None,
    device: torch.device,
    tta: bool,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """What is the same for all scans; see the module.

    Args:
        config: As it was read.
        checkpoint: File of the weights, or a bundle.
        calibration: Calibration file, if any, and if it is not the bundle's.
        device: Device of the model.
        tta: Whether the views of the config's ``tta`` are averaged.
        settings: Threshold, step and so on, by name.
    """
    if isinstance(checkpoint, ModelBundle):
        files = {**checkpoint.about['source']}
        files['bundle'] = file_facts(checkpoint.file)
    else:
        files = {
            'config': {
                'name': printable(Path(config.filename or '').name),
                'sha256': config_sha256(config),
            },
            'checkpoint': file_facts(checkpoint),
            'calibration': None,
            'bundle': None,
        }
    if calibration is not None:
        files['calibration'] = file_facts(calibration)
    return {
        **versions(),
        'python': platform.python_version(),
        'device': _device_name(device),
        'operators': backend(),
        **files,
        'views': _plain(config.tta) if tta else None,
        **settings,
    }


def files_state(path: str | os.PathLike) -> dict[str, Any]:
    """Number, size and last change of a scan's files."""
    files, _ = files_below(Path(path))
    states = [file.stat() for file in files if file.exists()]
    newest = max((state.st_mtime for state in states), default=None)
    return {
        'files': len(states),
        'bytes': sum(state.st_size for state in states),
        'newest': newest
        and datetime.fromtimestamp(newest, timezone.utc).isoformat(),
    }


def config_sha256(config: Config) -> str:
    """SHA-256 of a config with everything that it takes from its bases.

    Of its JSON with sorted keys, without spaces, tuples as lists, and other
    objects as Python shows them; without `work_dir`, `launcher` and
    `calibration`.
    """
    plain = {
        key: value
        for key, value in _plain(config.to_dict()).items()
        if key not in _NO_SETTINGS
    }
    text = json.dumps(plain, sort_keys=True, separators=(',', ':'))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return repr(value)


def versions() -> dict[str, str | None]:
    """Versions of this project and of what it computes with."""
    return {
        'mmuldor': mmuldor.__version__,
        **{name: _version(package) for name, package in _PACKAGES.items()},
        'torch': torch.__version__,
    }


def file_facts(path: str | os.PathLike) -> dict[str, str]:
    """Name and SHA-256 of a file."""
    with open(path, 'rb') as file:
        digest = hashlib.sha256()
        while part := file.read(2**20):
            digest.update(part)
    return {'name': printable(Path(path).name), 'sha256': digest.hexdigest()}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _device_name(device: torch.device) -> str:
    if device.type != 'cuda':
        return str(device)
    return f'{device} ({torch.cuda.get_device_name(device)})'
