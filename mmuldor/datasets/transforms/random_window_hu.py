"""Map HU to grey values with a randomly varied window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmuldor.datasets.transforms.window_hu import WindowHU
from mmuldor.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomWindowHU(WindowHU):
    """Training variant of ``WindowHU``: random level and width per image.

    It imitates scanners, tube voltages and contrast phases that are not in
    the training data. Windows vary independently; all slices of an image have
    the same. Keys: see :class:`WindowHU`.

    Example:
        ``dict(type='mmuldor.RandomWindowHU', windows=[(-1024, 3071)])``

    Args:
        windows: (low, high) pairs in HU, as in the test pipeline.
        max_shift: Maximum shift of the level, a fraction of the width.
        max_stretch: Maximum relative change of the width.

    Raises:
        ValueError: If one is negative, or ``max_stretch`` is 1 or more.
    """

    def __init__(
        self,
        windows: Sequence[Sequence[float]] = ((-1024, 3071),),
        max_shift: float = 0.05,
        max_stretch: float = 0.1,
    ) -> None:
        super().__init__(windows)
        if max_shift < 0 or not 0 <= max_stretch < 1:
            raise ValueError(
                '`max_shift` must be 0 or more and `max_stretch` in [0, 1), '
                f'but got {max_shift} and {max_stretch}.'
            )
        self.max_shift = max_shift
        self.max_stretch = max_stretch

    def _draw(self) -> list[tuple[float, float]]:
        return [self._vary(low, high) for low, high in self.windows]

    def _vary(self, low: float, high: float) -> tuple[float, float]:
        shift, stretch = np.random.uniform(-1, 1, 2)
        width = high - low
        level = (low + high) / 2 + shift * self.max_shift * width
        half = width * (1 + stretch * self.max_stretch) / 2
        return level - half, level + half

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(windows={self.windows}, '
            f'max_shift={self.max_shift}, max_stretch={self.max_stretch})'
        )
