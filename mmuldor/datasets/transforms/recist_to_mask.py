"""Build pseudo masks from RECIST diameters."""

from __future__ import annotations

import numpy as np

from mmuldor.datasets.transforms.base import CTTransform
from mmuldor.functional.recist import MASK_SHAPES
from mmuldor.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RecistToMask(CTTransform):
    """Give every instance a polygon mask built from its diameters.

    Add ``LoadAnnotations(with_bbox=True, with_mask=True, poly2mask=False)``
    after it, so that masks stay polygons in geometric augmentations.

    Required Keys:

    - instances (each with recist_px, eight numbers)

    Modified Keys:

    - instances (each gets mask, a list of one flat x, y polygon in the frame
      of its recist_px)

    Example:
        ``dict(type='mmuldor.RecistToMask', shape='quarter_ellipses')``

    Args:
        shape: 'quarter_ellipses' (ULDor), 'ellipse', 'quadrilateral' or
            'box'.
        points_per_quarter: Vertices on a quarter of a curved outline.
    """

    mask_shape: str

    def __init__(
        self, shape: str = 'quarter_ellipses', points_per_quarter: int = 16
    ) -> None:
        if shape not in MASK_SHAPES:
            raise ValueError(
                f'`shape` must be one of {sorted(MASK_SHAPES)}, but got '
                f'{shape!r}.'
            )
        self.mask_shape = shape
        self.points_per_quarter = points_per_quarter

    def polygon(self, recist_px: np.ndarray) -> np.ndarray:
        """Pseudo mask of eight endpoint coordinates, (N, 2) float64 px."""
        points = np.reshape(recist_px, (4, 2))
        return MASK_SHAPES[self.mask_shape](points, self.points_per_quarter)

    def transform(self, results: dict) -> dict:
        """Add the masks; see the class for the keys."""
        for instance in results['instances']:
            polygon = self.polygon(instance['recist_px'])
            instance['mask'] = [polygon.reshape(-1)]
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(shape={self.mask_shape!r}, '
            f'points_per_quarter={self.points_per_quarter})'
        )
