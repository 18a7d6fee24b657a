"""Results of two scans for a follow-up: existing ones, or by a detector."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmuldor.apis.bundle.load import ModelBundle
from mmuldor.apis.infer import infer_scan
from mmuldor.scans.follow_up.results_folder import is_results

# Folders of new results in the output folder.
NAMES = ('baseline', 'follow_up')


def infer_results(
    paths: Sequence[str],
    config: Config,
    checkpoint: str | ModelBundle,
    out: str | os.PathLike,
    **settings: Any,
) -> list[str]:
    """The results folders of two paths; the detector runs on scans.

    Args:
        paths: Baseline and follow-up: results folders or scans.
        config: Config of the training, or of a bundle.
        checkpoint: Its weights, or the bundle.
        out: Folder in which results of scans get folders of their own.
        settings: Keywords of :func:`mmuldor.apis.infer.infer_scan`.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is wrong.
    """
    folders = []
    for path, name in zip(paths, NAMES, strict=True):
        if is_results(path):
            folders.append(path)
            continue
        folders.append(str(Path(out) / name))
        infer_scan(path, config, checkpoint, folders[-1], **settings)
    return folders
