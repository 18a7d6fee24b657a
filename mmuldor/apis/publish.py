"""Publish a checkpoint as two files: weights alone, and a model card.

For programs that read a ``.pth`` file. :mod:`mmuldor.apis.bundle.publish`
writes one file with all that inference needs.
"""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import torch

import mmuldor
from mmuldor.apis.bundle.card import model_card
from mmuldor.apis.bundle.metrics import metrics_of
from mmuldor.apis.bundle.trained import Trained, file_name
from mmuldor.io.json_files import replacing
from mmuldor.io.paths import out_folder, printable


def publish_model(
    checkpoint: str | os.PathLike,
    out_dir: str | os.PathLike,
    *,
    name: str | None = None,
    froc: str | os.PathLike | None = None,
    row: str | None = None,
    data: str | None = None,
    licence: str = 'not stated',
    limits: str | None = None,
) -> tuple[Path, Path]:
    """Write the weights of a checkpoint and a model card.

    The weights file can be loaded with ``weights_only=True``. Its name has the
    first eight digits of its SHA-256, which ``torch.hub`` checks. The same
    checkpoint always gives the same bytes.

    Args:
        checkpoint: Checkpoint file of a training.
        out_dir: Output folder; created if missing.
        name: First part of the file names; by default the config's name.
        froc: See :func:`mmuldor.apis.bundle.metrics.metrics_of`.
        row: See there.
        data: Name of the training data, for the card.
        licence: Licence of the weights, for the card.
        limits: What to add to the limits on the card.

    Returns:
        The weights file and the card.

    Raises:
        FileNotFoundError: If an input is missing.
        ValueError: If an input is wrong.
    """
    out = out_folder(out_dir)
    trained = Trained.of_file(checkpoint)
    metrics = metrics_of(froc, row)
    name = file_name(name or trained.config_name or Path(checkpoint).stem)
    content = io.BytesIO()
    torch.save(_kept(trained), content)
    digest = hashlib.sha256(content.getvalue()).hexdigest()
    file = out / f'{name}-{digest[:8]}.pth'
    text = model_card(
        file.name,
        {
            **trained.properties(data, licence),
            'SHA-256': digest,
            'mmuldor': mmuldor.__version__,
        },
        metrics,
        f'mmuldor infer SCAN CONFIG {file.name} --out found',
        limits=limits,
        config=trained.config_text.strip() or '# not recorded',
    )
    card = file.with_suffix('.md')
    with replacing(file) as weights_file, replacing(card) as card_file:
        weights_file.write_bytes(content.getvalue())
        card_file.write_text(printable(text), encoding='utf-8')
    return file, card


def _kept(trained: Trained) -> dict:
    """What the weights file holds."""
    classes = trained.classes
    return {
        'state_dict': trained.weights,
        'meta': {
            'config': trained.config_text,
            'dataset_meta': {'classes': classes} if classes else {},
            'seed': trained.meta.get('seed'),
            'epoch': trained.meta.get('epoch'),
            'mmuldor_version': mmuldor.__version__,
        },
    }
