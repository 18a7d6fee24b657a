"""Resize to about a physical pixel size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmuldor.datasets.transforms.resize_to_spacing import ResizeToSpacing
from mmuldor.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomResizeToSpacing(ResizeToSpacing):
    """``ResizeToSpacing`` for the training: the size varies by image.

    Keys as :class:`ResizeToSpacing`.

    Example:
        ``dict(type='mmuldor.RandomResizeToSpacing', spacing_mm=0.8,
        factors=(0.8, 1.2))``

    Args:
        spacing_mm: Size of a pixel where the factor is 1, mm.
        max_size: Limit of the longer side where the factor is 1.
        factors: Smallest and largest factor of both sides, drawn uniformly.
        **kwargs: As for :class:`ResizeToSpacing`.

    Raises:
        ValueError: If ``factors`` is no rising pair above 0.
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
                '`factors` must be a smallest and a largest one above 0, but '
                f'got {factors}.'
            )
        self.factors = tuple(factors)

    def _draw_factor(self) -> float:
        return float(np.random.uniform(*self.factors))

    def __repr__(self) -> str:
        return f'{super().__repr__()[:-1]}, factors={self.factors})'
