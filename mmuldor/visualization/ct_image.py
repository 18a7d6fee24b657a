"""A CT slice as an 8-bit picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmuldor.functional.hounsfield import stored_to_hu, window_hu
from mmuldor.io.png import read_png16

# Abdominal soft tissue, the window of most DeepLesion rows.
DEFAULT_WINDOW_HU = (-175.0, 275.0)


def window_rgb(
    stored: np.ndarray, window: Sequence[float] = DEFAULT_WINDOW_HU
) -> np.ndarray:
    """Turn stored pixels into a grey picture.

    Args:
        stored: Pixels as in DeepLesion's PNG files (HU + 32768), (H, W),
            uint16.
        window: Lowest and highest HU shown, two floats.

    Returns:
        RGB picture with three equal channels, (H, W, 3), uint8. Values
        outside the window are black or white; nothing wraps around.

    Raises:
        TypeError: If ``stored`` is not uint16.
        ValueError: If it is not 2-D or the window is not low < high.
    """
    hu = stored_to_hu(stored)
    if hu.ndim != 2:
        raise ValueError(
            f'`stored` must be one slice (H, W), but got shape {hu.shape}.'
        )
    if len(window) != 2:
        raise ValueError(
            f'`window` must be [low, high] in HU, but got {list(window)}.'
        )
    low, high = window
    grey = np.rint(window_hu(hu, low, high)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def picture_name(file_name: str) -> str:
    """Name of a slice's picture: series and slice, in one folder for all."""
    return file_name.replace('\\', '/').replace('/', '_')


def load_slice(record: dict, images_dir: str | os.PathLike) -> np.ndarray:
    """Read the key slice of one image record of an annotation file.

    Args:
        record: Entry of ``images``: ``file_name``, ``height``, ``width`` and
            optionally ``window_hu``.
        images_dir: Folder that ``file_name`` is relative to.

    Returns:
        RGB picture in the record's own window, (H, W, 3), uint8.

    Raises:
        FileNotFoundError: If the PNG is not there.
        ValueError: If it is not a 16-bit PNG of the recorded size.
    """
    path = Path(images_dir) / record['file_name']
    stored = read_png16(path, shape=(record['height'], record['width']))
    return window_rgb(stored, record.get('window_hu') or DEFAULT_WINDOW_HU)
