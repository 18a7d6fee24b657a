"""Bank files of mined hard negatives."""

from __future__ import annotations

import hashlib
import os
from collections.abc import (
    Iterable,
    Mapping,
)
from itertools import chain
from pathlib import Path
from typing import Any

from mmuldor.commands import command_line
from mmuldor.io.json_files import read_json
from mmuldor.io.json_values import (
    are_coordinates,
    is_finite,
    is_id_text,
    is_integer,
    shortened,
)
from mmuldor.mining.protocols import MiningDataset
from mmuldor.mining.rule import MiningRule

BANK_VERSION = 1

# Names in banks that were written before 0.1.0.
_OLD_NAMES = {'spared': 'ignored', 'spared_above': 'ignored_above'}
_KEYS = ('version', 'ann_file', 'fingerprint', 'epoch', 'images')


def load_bank(path: str | os.PathLike, fingerprint: str | None = None) -> dict:
    """Read and check a bank file.

    Args:
        path: The ``epoch_NNN.json`` of a round.
        fingerprint: If given, the dataset's, which the bank must have.

    Returns:
        The bank: ``version``, ``ann_file``, ``fingerprint``, ``epoch``,
        ``seed``, ``rule``, ``counts`` and ``images``, a dict from image id
        (str) to its examples, each with ``bbox`` [x, y, w, h], ``score``
        (S1), ``mask_iou`` (S2) and ``polygons`` (flat x, y lists), in source
        pixels with the pixel's centre at integers, and ``ignored``, true,
        where it was left out because it may be a lesion.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a bank, or the bank of another dataset.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"bank file '{path}' does not exist. Make one with "
            f'`{command_line("mine", "CONFIG CHECKPOINT --out FILE")}`.'
        )
    bank = read_json(path)
    _check_bank(bank, path)
    _rename_old_keys(bank)
    if fingerprint not in (None, bank['fingerprint']):
        raise ValueError(
            f"bank '{path}' was mined on other images (ann_file "
            f"'{bank['ann_file']}', fingerprint {bank['fingerprint'][:12]}) "
            f'than those of this training ({fingerprint[:12]}). Mine it '
            f'again with `{command_line("mine")}`.'
        )
    return bank


def _rename_old_keys(bank: dict) -> None:
    """Replace the old keys of a checked bank by today's."""
    examples = chain.from_iterable(bank['images'].values())
    for part in (bank, bank.get('counts', {}), *examples):
        for old, new in _OLD_NAMES.items():
            if old in part:
                part[new] = part.pop(old)


def _check_bank(bank: Any, path: Path) -> None:
    missing = [
        key for key in _KEYS if not isinstance(bank, dict) or key not in bank
    ]
    if missing:
        raise ValueError(f"'{path}' is no bank file: it lacks {missing}.")
    if bank['version'] != BANK_VERSION:
        raise ValueError(
            f"bank '{path}' has version {shortened(bank['version'])}, but "
            f'this mmuldor reads version {BANK_VERSION}. Mine it again.'
        )
    for key in ('ann_file', 'fingerprint'):
        if not isinstance(bank[key], str):
            raise ValueError(
                f"'{path}': `{key}` must be a text, but got "
                f'{shortened(bank[key])}.'
            )
    # -1 before training.
    if not is_integer(bank['epoch']) or bank['epoch'] < -1:
        raise ValueError(
            f"'{path}': `epoch` must be an integer of -1 or more, but got "
            f'{shortened(bank["epoch"])}.'
        )
    counts = bank.get('counts', {})
    if not isinstance(counts, dict) or not all(
        map(is_integer, counts.values())
    ):
        raise ValueError(
            f"'{path}': `counts` must hold integers by name, but got "
            f'{shortened(counts)}.'
        )
    if not isinstance(bank['images'], dict):
        raise ValueError(f"'{path}': `images` must be an object.")
    for image_id, examples in bank['images'].items():
        where = f"'{path}': image {image_id[:40]}"
        if not is_id_text(image_id):
            raise ValueError(
                f'{where}: keys of `images` must be ids, integers of 0 or '
                'more.'
            )
        if not isinstance(examples, list):
            raise ValueError(
                f'{where} must hold a list, but got {shortened(examples)}.'
            )
        for index, example in enumerate(examples):
            _check_example(example, f'{where}[{index}]')


def _check_example(example: Any, where: str) -> None:
    if not isinstance(example, dict):
        raise ValueError(
            f'{where} must be an object, got {shortened(example)}.'
        )
    box: Any = example.get('bbox')
    if not are_coordinates(box, 4):
        raise ValueError(
            f'{where}: `bbox` must be a finite [x, y, w, h], but got '
            f'{shortened(box)}.'
        )
    for key in ('score', 'mask_iou'):
        if not is_finite(example.get(key)):
            raise ValueError(
                f'{where}: `{key}` must be a finite number, but got '
                f'{shortened(example.get(key))}.'
            )
    if min(box[2:]) <= 0:
        raise ValueError(f'{where}: `bbox` {box} has no area.')
    for key in ('ignored', 'spared'):
        if not isinstance(example.get(key, False), bool):
            raise ValueError(
                f'{where}: `{key}` must be true or false, but got '
                f'{shortened(example[key])}.'
            )
    polygons = example.get('polygons')
    if not isinstance(polygons, list) or not polygons:
        raise ValueError(
            f'{where}: `polygons` must be a list of at least one, but got '
            f'{shortened(polygons)}.'
        )
    for polygon in polygons:
        _check_polygon(polygon, where)


def _check_polygon(polygon: Any, where: str) -> None:
    count = len(polygon) if isinstance(polygon, list) else 0
    if count < 6 or count % 2 or not are_coordinates(polygon, count):
        raise ValueError(
            f'{where}: `polygons` must be flat lists of at least three x, y '
            f'pairs each, all finite, but got {shortened(polygon)}.'
        )


def images_fingerprint(images: Iterable[tuple[int, str]]) -> str:
    """SHA-256 over (image id, file name) pairs, in any order.

    A bank belongs to the dataset with the same fingerprint.
    """
    lines = sorted(f'{image_id}\t{name}' for image_id, name in images)
    return hashlib.sha256('\n'.join(lines).encode()).hexdigest()


def build_bank(
    mined: Mapping[int, dict],
    dataset: MiningDataset,
    rule: MiningRule,
    epoch: int,
    threshold: float | None,
) -> dict:
    """The bank file of a round; images in the order of their ids."""
    ordered = {image_id: mined[image_id] for image_id in sorted(mined)}
    images = list(ordered.values())
    hits = sum(image['hit_score'] is not None for image in images)
    found = [example for image in images for example in image['examples']]
    ignored = sum('ignored' in example for example in found)
    return {
        'version': BANK_VERSION,
        'ann_file': Path(dataset.ann_file).name,
        'fingerprint': dataset.fingerprint,
        'epoch': epoch,
        'seed': rule.seed,
        'rule': rule.as_dict(),
        'ignored_above': threshold,
        'counts': {
            'images': len(ordered),
            'with_hit': hits,
            'without_hit': len(ordered) - hits,
            'mined': len(found) - ignored,
            'skipped': sum(image['skipped'] for image in images),
            'ignored': ignored,
            'excluded': sum(image['excluded'] for image in images),
        },
        'images': {
            str(image_id): image['examples']
            for image_id, image in ordered.items()
            if image['examples']
        },
    }
