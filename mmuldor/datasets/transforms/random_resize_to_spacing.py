"""Resize to a random physical pixel size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmuldor.datasets.transforms.resize_to_spacing import ResizeToSpacing
from mmuldor.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomResizeToSpacing(ResizeToSpacing):
    """Training variant of ``ResizeToSpacing``: a random factor per image.

    Keys: see :class:`ResizeToSpacing`.

    Example:
        ``dict(type='mmuldor.RandomResizeToSpacing', spacing_mm=0.8,
        factors=(0.8, 1.2))``

    Args:
        spacing_mm: Size of a pixel at factor 1, mm.
        max_size: Limit of the longer side at factor 1, px.
        factors: Minimum and maximum of the uniformly drawn factor, which
            multiplies both sides.
        **kwargs: As for :class:`ResizeToSpacing`.

    Raises:
        ValueError: Unless 0 < minimum <= maximum.
    """

    def __init__(
        self,
        spacing_mm: float = 0.8,
        max_size: int = 512,
        factors: Sequence[float] = (0.8, 1.2),
        **kwargs,
    ) -> None:
        super().__init__(spacing_mm, max_size, **kwargs)
        if len(factors) != 2 or not 0 < factors[0] <= factors[1]:
            raise ValueError(
                '`factors` must be a minimum and a maximum above 0, but '
                f'got {factors}.'
            )
        self.factors = tuple(factors)

    def _draw_factor(self) -> float:
        low, high = self.factors
        return float(np.random.uniform(low, high))

    def __repr__(self) -> str:
        return f'{super().__repr__()[:-1]}, factors={self.factors})'
