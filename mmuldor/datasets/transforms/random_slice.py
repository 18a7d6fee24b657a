"""Load slices at a small random distance to the key slice."""

from __future__ import annotations

import numpy as np

from mmuldor.datasets.transforms.base import CTTransform
from mmuldor.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomSlice(CTTransform):
    """Draw a slice offset for ``LoadCTSlices``, which must follow.

    The annotation stays that of the key slice, so the distance must be small
    compared to a lesion. It is also at most half a slice interval.

    Required Keys:

    - slice_interval_mm

    Added Keys:

    - slice_offset (in slices, towards the feet if positive)

    Example:
        ``dict(type='mmuldor.RandomSlice', max_mm=1.0)``

    Args:
        max_mm: Maximum distance to the key slice, mm.

    Raises:
        ValueError: If ``max_mm`` is not positive.
    """

    def __init__(self, max_mm: float = 1.0) -> None:
        if not max_mm > 0:
            raise ValueError(f'`max_mm` must be positive, but got {max_mm}.')
        self.max_mm = max_mm

    def transform(self, results: dict) -> dict:
        """Draw the offset; see the class for the keys."""
        results['slice_offset'] = np.random.uniform(
            *self.slice_offsets(results)
        )
        return results

    def slice_offsets(self, results: dict) -> tuple[float, float]:
        """Smallest and largest offset for an image, in stored slices."""
        limit = min(self.max_mm / results['slice_interval_mm'], 0.5)
        return -limit, limit

    def __repr__(self) -> str:
        return f'{type(self).__name__}(max_mm={self.max_mm})'
