"""What mining asks of a dataset and of an image's detections."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from mmuldor.functional.recist import PseudoMask
from mmuldor.mining.bank_schedule import BankSchedule


class FoundDetections(Protocol):
    """The lesion detections of one image.

    Attributes:
        boxes: (n, 4) float64 x1 y1 x2 y2, source px, pixel centres at
            integers.
        scores: (n,) float64, descending.
        size: (height, width) of the source image.
    """

    boxes: np.ndarray
    scores: np.ndarray
    size: tuple[int, int]

    def touching(self, references: Sequence[np.ndarray]) -> np.ndarray:
        """Which boxes reach a mask (H, W), (n,) bool; S2 of others is 0."""


class BankReader(Protocol):
    """A transform that adds mined hard negatives.

    Attributes:
        label: Label of the instances that it adds.
        bank: The bank file that it always uses; None if ``HNEMHook``
            sets it.
    """

    label: int
    bank: str | os.PathLike | None


class MiningDataset(ABC):
    """A training set whose negatives can be mined.

    Attributes:
        ann_file: Its annotation file.
        pipeline: Its transforms, as MMEngine composes them.
        bank_schedule: Which banks an epoch uses, set before workers start;
            None uses none.
    """

    ann_file: str
    pipeline: Any
    bank_schedule: BankSchedule | None = None

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """Fingerprint of its images, see ``images_fingerprint``."""

    @property
    @abstractmethod
    def mask_shape(self) -> str:
        """Shape of its pseudo masks, a key of ``MASK_SHAPES``."""

    @property
    def pseudo_mask(self) -> PseudoMask:
        """How its pseudo masks are drawn; of that shape by default."""
        return PseudoMask(self.mask_shape)

    @property
    @abstractmethod
    def bank_readers(self) -> Sequence[BankReader]:
        """The transforms of its pipeline that read banks."""

    @abstractmethod
    def check_pipeline(self) -> None:
        """Check its transforms against its annotations, before a long run.

        Raises:
            ValueError: If one does not fit them.
        """

    @abstractmethod
    def __len__(self) -> int:
        """Number of images."""

    @abstractmethod
    def get_data_info(self, idx: int) -> dict:
        """An image's item: ``img_id``, ``instances``."""
