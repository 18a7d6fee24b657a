"""Load slices at a given distance to the key slice."""

from __future__ import annotations

from mmuldor.datasets.transforms.base import CTTransform
from mmuldor.registry import TRANSFORMS


@TRANSFORMS.register_module()
class SliceOffset(CTTransform):
    """Set the slice offset of ``LoadCTSlices``, which must follow.

    For test-time augmentation; in training :class:`RandomSlice` draws it.

    Required Keys:

    - slice_interval_mm

    Added Keys:

    - slice_offset (in slices, towards the feet if positive)

    Example:
        ``dict(type='mmuldor.SliceOffset', mm=1.0)``

    Args:
        mm: Distance to the key slice, mm; positive towards the feet.
    """

    def __init__(self, mm: float) -> None:
        self.mm = mm

    def transform(self, results: dict) -> dict:
        """Set the offset; see the class for the keys."""
        (results['slice_offset'],) = self.slice_offsets(results)
        return results

    def slice_offsets(self, results: dict) -> tuple[float]:
        """The offset for an image, in stored slices."""
        return (self.mm / results['slice_interval_mm'],)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(mm={self.mm})'
