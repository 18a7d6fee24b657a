"""Publish a checkpoint: weights only, with a model card."""

from __future__ import annotations

import hashlib
import html
import io
import os
import re
from collections.abc import Mapping
from pathlib import Path

import torch

import mmuldor
from mmuldor.io.json_files import read_json, replacing
from mmuldor.io.json_values import is_finite, is_integer
from mmuldor.io.paths import out_folder, printable
from mmuldor.upstream.safe_checkpoints import load_safely

_USE = """\
Research on lesion detection in CT: marking lesions on axial slices and
comparing detectors. Not a medical device; not tested for diagnosis or for
any clinical decision. It was trained on one collection of scans, whose
scanners, patients and lesion types it reflects, and in which not every
lesion is annotated.
"""


def publish_model(
    checkpoint: str | os.PathLike,
    out_dir: str | os.PathLike,
    *,
    name: str | None = None,
    froc: str | os.PathLike | None = None,
    data: str | None = None,
    licence: str = 'not stated',
) -> tuple[Path, Path]:
    """Write the weights of a checkpoint and a model card.

    The weights file can be loaded with ``weights_only=True``. Its name has the
    first eight digits of its SHA-256, which ``torch.hub`` checks. The same
    checkpoint always gives the same bytes.

    Args:
        checkpoint: Checkpoint file of a training.
        out_dir: Output folder; created if missing.
        name: First part of the file names; by default the config's name.
        froc: ``froc.json`` of ``tools/froc.py``, for the metrics of the card.
        data: Name of the training data, for the card.
        licence: Licence of the weights, for the card.

    Returns:
        The weights file and the card.

    Raises:
        FileNotFoundError: If an input is missing.
        ValueError: If an input is wrong.
    """
    out = out_folder(out_dir)
    loaded = load_safely(checkpoint)
    weights, meta = _weights(checkpoint, loaded), _meta(checkpoint, loaded)
    metrics = _metrics(froc)
    name = name or _config_name(meta) or Path(checkpoint).stem
    # The name may come from the checkpoint, which is not trusted.
    if not re.fullmatch(r'[\w.+-]{1,200}', name) or name.startswith('.'):
        raise ValueError(
            "the first part of the files' names must be letters, digits and "
            f'_.+-, but is {name[:80]!r}. Give another one with `--name`.'
        )
    kept = {
        'state_dict': weights,
        'meta': {
            'config': str(meta.get('cfg', '')),
            'dataset_meta': {'classes': _classes(meta)}
            if _classes(meta)
            else {},
            'seed': meta.get('seed'),
            'epoch': meta.get('epoch'),
            'mmuldor_version': mmuldor.__version__,
        },
    }
    content = io.BytesIO()
    torch.save(kept, content)
    digest = hashlib.sha256(content.getvalue()).hexdigest()
    file = out / f'{name}-{digest[:8]}.pth'
    card = file.with_suffix('.md')
    properties = _properties(meta, weights, digest, data, licence)
    text = _card(file.name, properties, metrics, kept['meta']['config'])
    with replacing(file) as weights_file, replacing(card) as card_file:
        weights_file.write_bytes(content.getvalue())
        card_file.write_text(printable(text), encoding='utf-8')
    return file, card


def _weights(path: str | os.PathLike, loaded: dict) -> dict:
    state = loaded.get('state_dict')
    if not isinstance(state, Mapping) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor)
        for key, value in state.items()
    ):
        raise ValueError(
            f"'{path}' must hold `state_dict`, a dict of tensors by name, but "
            f'got {type(state).__name__}.'
        )
    return {
        key.removeprefix('module.'): value.detach().clone().contiguous()
        for key, value in state.items()
    }


def _meta(path: str | os.PathLike, loaded: dict) -> Mapping:
    meta = loaded.get('meta', {})
    if not isinstance(meta, Mapping):
        raise ValueError(
            f"'{path}': `meta` must be a dict, but is a {type(meta).__name__}."
        )
    return meta


def _classes(meta: Mapping) -> tuple[str, ...]:
    """Names of the classes, () if unknown."""
    dataset = meta.get('dataset_meta')
    named = dataset.get('classes') if isinstance(dataset, Mapping) else None
    return tuple(map(str, named)) if isinstance(named, (list, tuple)) else ()


def _config_name(meta: Mapping) -> str:
    """The config's name; MMEngine appends date and time to it."""
    experiment = str(meta.get('experiment_name', ''))
    return '_'.join(experiment.split('_')[:-2])


def _metrics(froc: str | os.PathLike | None) -> dict[str, str]:
    if froc is None:
        return {}
    report = read_json(froc)
    try:
        pairs = list(
            zip(report['fp_rates'], report['sensitivity'], strict=True)
        )
        counts = report['counts']
        if not all(is_finite(v) for pair in pairs for v in pair):
            raise ValueError('`fp_rates` or `sensitivity` are not numbers')
        if not all(is_integer(counts[k]) for k in ('images', 'lesions')):
            raise ValueError('`counts` are not integers')
        metrics = {
            f'sensitivity at {rate:g} FPs per image': f'{100 * value:.2f} %'
            for rate, value in pairs
        }
        metrics['tested on'] = (
            f'{counts["images"]:,} images, {counts["lesions"]:,} lesions'
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f'{froc} must be what `python tools/froc.py --out` writes, but '
            f'{error!r}.'
        ) from error
    return metrics


def _properties(
    meta: Mapping,
    weights: Mapping[str, torch.Tensor],
    digest: str,
    data: str | None,
    licence: str,
) -> dict[str, object]:
    classes = _classes(meta)
    return {
        'config': _config_name(meta) or 'not recorded',
        'classes': ', '.join(classes) or 'not recorded',
        'parameters': f'{sum(w.numel() for w in weights.values()):,}',
        'training data': data or 'not stated',
        'seed': meta.get('seed', 'not recorded'),
        'epoch': meta.get('epoch', 'not recorded'),
        'licence': licence,
        'SHA-256': digest,
        'mmuldor': mmuldor.__version__,
    }


def _cell(value: object) -> str:
    """A value as text that cannot break a Markdown table."""
    text = ' '.join(str(value).split())
    return html.escape(text, quote=False).replace('|', '&#124;')


def _fenced(code: str) -> str:
    """A code block with a fence longer than any in the code."""
    runs = re.findall('`{3,}', code)
    fence = '`' * (1 + max(map(len, runs), default=2))
    return f'{fence}python\n{code}\n{fence}'


def _card(
    file: str, properties: Mapping, metrics: Mapping, config: str
) -> str:
    def table(values: Mapping) -> str:
        rows = [f'| {key} | {_cell(value)} |' for key, value in values.items()]
        return '\n'.join(['| | |', '|---|---|', *rows])

    measured = table(metrics) if metrics else 'Not measured.'
    return (
        f'# {file}\n\n{table(properties)}\n\n## Metrics\n\n{measured}\n\n'
        f'## Intended use\n\n{_USE}\n## Use\n\n```bash\npython '
        f'tools/test.py CONFIG {file}\n```\n\n'
        f'## Config\n\n{_fenced(config.strip() or "# not recorded")}\n'
    )
