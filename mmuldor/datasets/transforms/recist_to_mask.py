"""Build pseudo masks from RECIST diameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmuldor.datasets.transforms.base import CTTransform
from mmuldor.functional.frame import to_detector
from mmuldor.functional.recist import STORED, PseudoMask
from mmuldor.mining.lesion_masks import lesion_outlines
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

    - instances (each with recist_px, eight numbers, or with segmentation)
    - crop_bbox (optional: of CropToBody)

    Modified Keys:

    - instances (each gets mask, a list of flat x, y polygons in the frame of
      its recist_px; one, but of a stored mask with several pieces)

    Example:
        ``dict(type='mmuldor.RecistToMask', shape='quarter_ellipses')``

    Args:
        shape: 'quarter_ellipses' (ULDor), 'ellipse', 'quadrilateral' or
            'box'; 'segmentation' is the annotation's own mask, which
            ``data_prep/grabcut_masks.py`` refines by the pixels.
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
        # Stored masks are of the whole slice; of a crop, all else is.
        corner = results.get('crop_bbox', (0, 0))[:2]
        for instance in results['instances']:
            instance['mask'] = [
                p.reshape(-1) for p in self._polygons(instance, corner)
            ]
        return results

    def _polygons(
        self, instance: dict, corner: Sequence[int]
    ) -> list[np.ndarray]:
        if self.mask_shape != STORED:
            return [self.polygon(instance['recist_px'])]
        # Nobody says what is in an ignored region, and no mask is learned.
        if instance.get('crowd', False):
            return [PseudoMask().polygon(instance['recist_px'])]
        return [
            to_detector(outline - np.asarray(corner))
            for outline in lesion_outlines(instance, self.pseudo_mask)
        ]

    def __repr__(self) -> str:
        drawn = self.pseudo_mask
        return (
            f'{type(self).__name__}(shape={drawn.shape!r}, '
            f'points_per_quarter={drawn.points_per_quarter}, '
            f'grow_px={drawn.grow_px}, offset_px={drawn.offset_px})'
        )
