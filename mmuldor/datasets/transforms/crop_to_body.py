"""Crop slices to the patient's body."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmengine.logging import MMLogger

from mmuldor.datasets.transforms.base import CTTransform
from mmuldor.functional.segmentation.body_box import body_box
from mmuldor.registry import TRANSFORMS

# A box of which less is left is no target.
_LEAST_PX = 1.0


@TRANSFORMS.register_module()
class CropToBody(CTTransform):
    """Crop slices to the body, so that air and table are not computed on.

    The crop is the box around the body in all loaded slices, and a margin.
    Lesions are not asked where they are, as no test could: training, the
    validation loss and test see the same crop. A lesion beyond it is cut, or
    left out, and a warning names the image. That takes a lesion in the air:
    DeepLesion's boxes reach 5 px beyond the lesion, which is at most 5 mm. On
    its 42 real key slices at hand no box is nearer than 36 mm to the border
    of the crop.

    Directly after ``LoadCTSlices`` in all pipelines, before ``WindowHU`` and
    ``LoadAnnotations``. For the steps after it the crop is the source image.
    Detectors of mmdet move their predictions back
    (:mod:`mmuldor.models.whole_slices`), so that results, metrics, pictures
    and mined negatives are in px of the whole slice.

    Required Keys:

    - img ((H, W, S) float32, HU), ori_shape, spacing_mm, instances, img_path

    Modified Keys:

    - img, img_shape, ori_shape
    - instances (bbox, recist_px and mask move with the crop; segmentation,
      which only RecistToMask reads, stays that of the slice)

    Added Keys:

    - crop_bbox (x1, y1, x2, y2 of the crop in the slice, px; the name is
      MMAction2's)
    - whole_shape (height and width of the slice)

    Both belong into ``meta_keys`` of ``PackDetInputs``, where the base configs
    have them.

    Example:
        ``dict(type='mmuldor.CropToBody', margin_mm=10.0)``

    Args:
        margin_mm: Air to keep around the body, mm.

    Raises:
        ValueError: If ``margin_mm`` is negative; in ``transform``, after
            ``LoadAnnotations``, whose boxes would not move.
    """

    def __init__(self, margin_mm: float = 10.0) -> None:
        if not margin_mm >= 0:
            raise ValueError(
                f'`margin_mm` must be 0 or more, but got {margin_mm}.'
            )
        self.margin_mm = margin_mm
        self._named: set[str] = set()

    def transform(self, results: dict) -> dict:
        """Crop; see the class for the keys."""
        if 'gt_bboxes' in results or 'crop_bbox' in results:
            raise ValueError(
                'CropToBody must come once, before LoadAnnotations, but got '
                f"'{results['img_path']}' with boxes or a crop."
            )
        image = results['img']
        height, width = image.shape[:2]
        crop = body_box(image, results['spacing_mm'], self.margin_mm)
        # Without a body all is kept: an empty image is an image, too.
        x1, y1, x2, y2 = crop = crop or (0, 0, width, height)
        # A copy, whose memory WindowHU uses again.
        results['img'] = np.ascontiguousarray(image[y1:y2, x1:x2])
        results['img_shape'] = results['ori_shape'] = (y2 - y1, x2 - x1)
        results['whole_shape'] = (height, width)
        results['crop_bbox'] = crop
        self._name_cut_lesions(results)
        moved = [into_crop(i, crop) for i in results.get('instances', ())]
        results['instances'] = [i for i in moved if i is not None]
        return results

    def _name_cut_lesions(self, results: dict) -> None:
        """Warn of an image with a cut lesion, once in each process."""
        cut = lesions_cut(results.get('instances', ()), results)
        path = results['img_path']
        if cut and path not in self._named:
            self._named.add(path)
            MMLogger.get_current_instance().warning(
                f"CropToBody: '{path}': {cut} lesions reach beyond the body "
                f'and {self.margin_mm:g} mm around it, and are cut or left '
                'out. See whether the boxes are right; a larger `margin_mm` '
                'keeps them.'
            )

    def __repr__(self) -> str:
        return f'{type(self).__name__}(margin_mm={self.margin_mm})'


def lesions_cut(instances: Sequence[dict], crop: dict) -> int:
    """Number of lesions that a crop does not hold as a whole.

    Args:
        instances: In px of the slice; ignored ones do not count.
        crop: ``crop_bbox`` and ``whole_shape``.
    """
    x1, y1, x2, y2 = crop['crop_bbox']
    height, width = crop['whole_shape']
    lesions = [i['bbox'] for i in instances if not i['ignore_flag']]
    if not lesions:
        return 0
    boxes = np.clip(lesions, 0, [width, height] * 2)
    outside = (boxes < [x1, y1, x1, y1]) | (boxes > [x2, y2, x2, y2])
    return int(outside.any(axis=1).sum())


def into_crop(instance: dict, crop_bbox: Sequence[int]) -> dict | None:
    """An instance in px of a crop, its box cut at the crop's border.

    Masks are not cut: mmdet's targets are of what lies in the box.

    Args:
        instance: ``bbox``; optional ``recist_px`` and ``mask``, a list of flat
            polygons. In px of the slice, mmdet's frame; not changed.
        crop_bbox: `x1 y1 x2 y2` of the crop in the slice, px.

    Returns:
        A copy; None if less than 1 px is inside.
    """
    x1, y1, x2, y2 = crop_bbox
    offset = np.array([x1, y1], dtype=np.float64)

    def moved(xy: Sequence[float]) -> np.ndarray:
        points = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
        return (points - offset).reshape(-1)

    box = np.clip(moved(instance['bbox']), 0, [x2 - x1, y2 - y1] * 2)
    if (box[2:] - box[:2] < _LEAST_PX).any():
        return None
    copy = {**instance, 'bbox': box.tolist()}
    if 'recist_px' in instance:
        copy['recist_px'] = moved(instance['recist_px']).tolist()
    if 'mask' in instance:
        copy['mask'] = [moved(polygon) for polygon in instance['mask']]
    return copy
