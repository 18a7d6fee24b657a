"""Resize to a physical pixel size."""

from __future__ import annotations

from mmdet.datasets.transforms import Resize

from mmuldor.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ResizeToSpacing(Resize):
    """Resize so that a pixel measures ``spacing_mm``.

    Required Keys:

    - img, spacing_mm ([x, y] of the source)
    - gt_bboxes, gt_masks (optional)

    Modified Keys:

    - img, img_shape, gt_bboxes, gt_masks

    Added Keys:

    - scale, scale_factor (width, height), keep_ratio, homography_matrix

    Example:
        ``dict(type='mmuldor.ResizeToSpacing', spacing_mm=0.8, max_size=512)``

    Args:
        spacing_mm: Size of a pixel of the result, mm.
        max_size: Maximum of the longer side, px. A larger image is reduced
            further, with the same factor on both sides.
        **kwargs: ``interpolation``, ``clip_object_border``, ``backend`` of
            mmdet's ``Resize``.

    Raises:
        ValueError: If ``spacing_mm`` or ``max_size`` is not positive.
    """

    def __init__(
        self, spacing_mm: float = 0.8, max_size: int = 512, **kwargs
    ) -> None:
        for name, value in (
            ('spacing_mm', spacing_mm),
            ('max_size', max_size),
        ):
            if not value > 0:
                raise ValueError(
                    f'`{name}` must be positive, but got {value}.'
                )
        super().__init__(scale_factor=1.0, keep_ratio=False, **kwargs)
        self.spacing_mm = spacing_mm
        self.max_size = max_size
        self.options = kwargs

    def transform(self, results: dict) -> dict:
        """Resize; see the class for the keys."""
        height, width = results['img'].shape[:2]
        x_mm, y_mm = results['spacing_mm']
        new_width = width * x_mm / self.spacing_mm
        new_height = height * y_mm / self.spacing_mm
        factor = min(1.0, self.max_size / max(new_width, new_height))
        factor *= self._draw_factor()
        scale = (
            max(1, round(new_width * factor)),
            max(1, round(new_height * factor)),
        )
        resize = Resize(scale, keep_ratio=False, **self.options)
        return resize.transform(results)

    def _draw_factor(self) -> float:
        """Additional factor of both sides; subclasses draw it."""
        return 1.0

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(spacing_mm={self.spacing_mm}, '
            f'max_size={self.max_size}, interpolation={self.interpolation!r})'
        )
