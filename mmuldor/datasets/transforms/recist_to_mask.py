"""Build pseudo masks from RECIST diameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmuldor.datasets.transforms.base import CTTransform
from mmuldor.functional.recist import PseudoMask
from mmuldor.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RecistToMask(CTTransform):
    """Give every instance a polygon mask built from its diameters.

    Add ``LoadAnnotations(with_bbox=True, with_mask=True, poly2mask=False)``
    after it, so that masks stay polygons in geometric augmentations.

    The same line belongs into ``val_loss_pipeline``. HNEM compares detections
    with the masks of the training pipeline, and ``tools/browse_dataset.py``
    draws them. Boxes and diameters stay as they are. Figures of results and
    reports, which know no pipeline, draw masks as the paper does.

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
        grow_px: How far each endpoint of the diameters moves outward along
            its diameter, in source-image pixels, before the shape is drawn.
        offset_px: x, y added to the endpoints, source-image pixels, to the
            right and down. ``configs/_base_/variants/fitted_masks.py`` has
            the values that fit masks of DeepLesion drawn by hand.

    Raises:
        TypeError: If a number is none.
        ValueError: If the shape is unknown or a number is out of range.
    """

    def __init__(
        self,
        shape: str = 'quarter_ellipses',
        points_per_quarter: int = 16,
        grow_px: float = 0.0,
        offset_px: Sequence[float] = (0.0, 0.0),
    ) -> None:
        self._pseudo_mask = PseudoMask(
            shape, points_per_quarter, grow_px, offset_px
        )
        self.mask_shape = shape

    @property
    def pseudo_mask(self) -> PseudoMask:
        """How it draws pseudo masks."""
        return self._pseudo_mask

    def polygon(self, recist_px: np.ndarray) -> np.ndarray:
        """Pseudo mask of eight endpoint coordinates, (N, 2) float64 px."""
        return self.pseudo_mask.polygon(recist_px)

    def transform(self, results: dict) -> dict:
        """Add the masks; see the class for the keys."""
        for instance in results['instances']:
            polygon = self.polygon(instance['recist_px'])
            instance['mask'] = [polygon.reshape(-1)]
        return results

    def __repr__(self) -> str:
        drawn = self.pseudo_mask
        return (
            f'{type(self).__name__}(shape={drawn.shape!r}, '
            f'points_per_quarter={drawn.points_per_quarter}, '
            f'grow_px={drawn.grow_px}, offset_px={drawn.offset_px})'
        )
