"""What mining asks of a data set and of an image's detections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class FoundDetections(Protocol):
    """The lesion detections of one image.

    Attributes:
        boxes: (n, 4) float64 x1 y1 x2 y2, source px, pixel centres at
            integers.
        scores: (n,) float64, falling.
        size: (height, width) of the source image.
    """

    boxes: np.ndarray
    scores: np.ndarray
    size: tuple[int, int]

    def touching(self, references: Sequence[np.ndarray]) -> np.ndarray:
        """Which boxes reach a mask (H, W), (n,) bool: S2 is 0 elsewhere."""


class MiningDataset(Protocol):
    """A training set whose negatives can be mined.

    Attributes:
        ann_file: Its annotation file.
        fingerprint: Of its images, see ``images_fingerprint``.
    """

    ann_file: str
    fingerprint: str

    def __len__(self) -> int:
        """Images."""

    def get_data_info(self, index: int) -> dict:
        """An image's item: ``img_id``, ``instances``."""
