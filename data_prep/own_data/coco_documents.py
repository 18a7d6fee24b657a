"""The files of a dataset: annotations of each split, true masks, volumes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mmuldor.classes import LESION_CATEGORY
from mmuldor.io.run_length import encode_mask

from ..common.dl_info import SPLITS
from ..common.fold_splits import Folds

SPLIT_NAMES = tuple(SPLITS.values())
IMAGES_NAME = 'Images_png'
FRAME = 'pixel centres at integers'
# As -1 in DL_info.csv: the lesion type is not known.
UNKNOWN_TYPE = -1


def empty_documents(
    dataset: str, folds: Folds | None = None
) -> dict[str, dict[str, Any]]:
    """A document for each split, without images."""
    info: dict[str, Any] = {'dataset': dataset, 'frame': FRAME}
    if folds is not None:
        info['folds'] = folds.as_info()
    return {
        split: {
            'info': {**info, 'split': split},
            'categories': [{'id': LESION_CATEGORY, 'name': 'lesion'}],
            'images': [],
            'annotations': [],
        }
        for split in SPLIT_NAMES
    }


def annotation(
    number: int,
    image_id: int,
    box_px: Sequence[float],
    recist_px: np.ndarray,
    **extra: Any,
) -> dict[str, Any]:
    """An entry of `annotations`.

    Args:
        number: Its id.
        image_id: The id of its image.
        box_px: `x1 y1 x2 y2`.
        recist_px: (4, 2) x y, ends of the long, then of the short diameter.
        **extra: What else is known.
    """
    x1, y1, x2, y2 = (round(float(value), 3) for value in box_px)
    width, height = round(x2 - x1, 3), round(y2 - y1, 3)
    ends = np.asarray(recist_px, dtype=np.float64).reshape(-1)
    return {
        'id': number,
        'image_id': image_id,
        'category_id': LESION_CATEGORY,
        'bbox': [x1, y1, width, height],
        'area': round(width * height, 3),
        'iscrowd': 0,
        'recist_px': [round(value, 3) for value in ends.tolist()],
        'lesion_type': UNKNOWN_TYPE,
        'noisy': False,
        **extra,
    }


def truth_entry(
    file_name: str, entry: dict[str, Any], mask: np.ndarray
) -> dict[str, Any]:
    """An entry of truth.json, as `data_prep/make_phantom.py` has it.

    Args:
        file_name: Of the image.
        entry: The annotation; its id is the `row`.
        mask: (height, width) bool, the whole image.
    """
    return {
        'file_name': file_name,
        'row': entry['id'],
        'bbox': entry['bbox'],
        'segmentation': encode_mask(mask),
        'area_px': int(mask.sum()),
    }


def with_margin(
    box_px: np.ndarray, margin_px: float, height: int, width: int
) -> np.ndarray:
    """A box with a margin, at most to the image's border."""
    grown = box_px + np.array([-1, -1, 1, 1]) * margin_px
    borders = np.array([width, height, width, height]) - 0.5
    return np.clip(grown, -0.5, borders)


def contiguous_ranges(numbers: Sequence[int]) -> dict[int, list[int]]:
    """By number, the first and last of those around it without a gap."""
    ordered = sorted(numbers)
    breaks = np.flatnonzero(np.diff(ordered) > 1) + 1
    return {
        number: [int(part[0]), int(part[-1])]
        for part in np.split(np.array(ordered, dtype=np.int64), breaks)
        for number in part.tolist()
    }
