"""The exclude list: boxes that a reader judged to be no negatives."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from mmuldor.commands import command_line, command_name
from mmuldor.functional.boxes import xywh_to_xyxy
from mmuldor.io.json_files import read_json
from mmuldor.io.json_values import are_coordinates, is_id_text, shortened


def exclude_list(
    bank: Mapping, examples: list[dict[str, Any]], verdicts: list[str]
) -> dict:
    """Boxes that must not be mined again, as JSON: verdicts lesion, unsure."""
    images: dict[str, list] = {}
    for example, verdict in zip(examples, verdicts, strict=True):
        if verdict in ('lesion', 'unsure'):
            boxes = images.setdefault(str(example['image_id']), [])
            boxes.append({'bbox': example['bbox'], 'verdict': verdict})
    return {
        'fingerprint': bank['fingerprint'],
        'counts': dict(Counter(v or 'none' for v in verdicts)),
        'images': images,
    }


def load_exclude_list(
    path: str | os.PathLike, fingerprint: str | None = None
) -> dict[int, np.ndarray]:
    """Boxes that must not be mined, ``x1 y1 x2 y2`` in px, by image id.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no exclude list, or that of other images.
    """
    advice = f'Make it with `{command_line("review", "import")}`.'
    document = read_json(path, '`exclude` of the HNEMHook', advice)
    listed = document.get('images') if isinstance(document, dict) else None
    if not isinstance(listed, dict) or 'fingerprint' not in document:
        raise ValueError(
            f"'{path}' must be an exclude list of "
            f'`{command_name("review")} import`, an object with '
            '`fingerprint` and `images`, an object too.'
        )
    found = document['fingerprint']
    boxes = {}
    for key, entries in listed.items():
        try:
            if not is_id_text(key):
                raise ValueError('a key must be an id, an integer from 0')
            boxes[int(key)] = _corners([entry['bbox'] for entry in entries])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"'{path}' must be an exclude list, whose `images` give lists "
                f'with `bbox` by image ids, but {shortened(key)} has '
                f'{shortened(entries)}: {error}.'
            ) from error
    if fingerprint not in (None, found):
        raise ValueError(
            f"exclude list '{path}' is of other images than those of this "
            'training. Review a bank of this training.'
        )
    return boxes


def _corners(listed: list) -> np.ndarray:
    """Boxes [x, y, w, h] as ``x1 y1 x2 y2``, (n, 4)."""
    for box in listed:
        if not are_coordinates(box, 4) or min(box[2:]) < 0:
            raise ValueError(f'`bbox` {shortened(box)} is no [x, y, w, h]')
    return xywh_to_xyxy(np.reshape(np.array(listed, np.float64), (-1, 4)))
