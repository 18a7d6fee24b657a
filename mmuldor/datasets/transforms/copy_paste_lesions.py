"""Paste lesions of other images."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from mmuldor.datasets.transforms.base import CTTransform
from mmuldor.functional.masks import rasterize
from mmuldor.registry import TRANSFORMS

# Width of the ring around a lesion whose HU is compared, px.
_RING_PX = 4
# Places of the image that are tried for each lesion.
_TRIES = 20


@TRANSFORMS.register_module()
class CopyPasteLesions(CTTransform):
    """Paste lesions of other images of the dataset, with their masks.

    Simple copy-paste (Ghiasi et al., CVPR 2021) for lesions: all slices of a
    lesion are pasted within its pseudo mask, blurred at the edge, where the
    tissue around it is like that around the place, and no other instance is.
    A lesion that finds no such place is left out. Its size in mm stays within
    the slices, not in depth: slices are pasted one to one, so an image whose
    slices are farther apart gets a longer lesion. The other image goes through
    the steps before this one.

    After ``LoadCTSlices`` and ``RecistToMask``, before ``WindowHU`` and
    ``LoadAnnotations``, in the training pipeline alone.

    Required Keys:

    - img ((H, W, S) float32, HU), spacing_mm, instances

    Modified Keys:

    - img, instances (each pasted lesion gets bbox, bbox_label, ignore_flag,
      mask)

    Example:
        ``dict(type='mmuldor.CopyPasteLesions', prob=0.5, max_lesions=2)``

    Args:
        prob: Share of images into which lesions are pasted.
        max_lesions: Largest number of them; 1 to this many are drawn.
        max_hu: Largest difference of the medians around both places, HU.
        blur_px: Standard deviation of the edge's blur, px.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(
        self,
        prob: float = 0.5,
        max_lesions: int = 1,
        max_hu: float = 100.0,
        blur_px: float = 1.0,
    ) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'`prob` must be in [0, 1], but got {prob}.')
        if max_lesions < 1 or max_hu <= 0 or blur_px <= 0:
            raise ValueError(
                '`max_lesions`, `max_hu` and `blur_px` must be positive, but '
                f'got {max_lesions}, {max_hu} and {blur_px}.'
            )
        self.prob = prob
        self.max_lesions = max_lesions
        self.max_hu = max_hu
        self.blur_px = blur_px
        self.dataset: Any = None

    def transform(self, results: dict) -> dict:
        """Paste lesions; see the class for the keys."""
        if self.dataset is None:
            raise ValueError(
                'CopyPasteLesions needs a `mmuldor.DeepLesionDataset`, whose '
                'other images have the lesions.'
            )
        if np.random.random() >= self.prob:
            return results
        # The loaded slices may be someone else's.
        results['img'] = results['img'].copy()
        for _ in range(np.random.randint(1, self.max_lesions + 1)):
            other = self._another(results)
            # Mined negatives have no diameters.
            lesions = [
                i
                for i in other['instances']
                if not i['ignore_flag'] and 'recist_px' in i
            ]
            if lesions and other['img_id'] != results['img_id']:
                lesion = lesions[np.random.randint(len(lesions))]
                self._paste(results, other, lesion)
        return results

    def _another(self, results: dict) -> dict:
        """An image of the dataset after the steps before this one."""
        index = int(np.random.randint(len(self.dataset)))
        other = self.dataset.get_data_info(index)
        # The same banks, so that none is read again.
        if 'hard_negative_banks' in results:
            other['hard_negative_banks'] = results['hard_negative_banks']
        for step in self.dataset.pipeline.transforms:
            if step is self:
                break
            other = step(other)
        return other

    def _paste(self, results: dict, other: dict, lesion: dict) -> None:
        """Paste one lesion, if a place for it is found."""
        source, target = other['img'], results['img']
        scale = np.divide(other['spacing_mm'], results['spacing_mm'])
        x1, y1, x2, y2 = lesion['bbox']
        margin = _RING_PX + int(3 * self.blur_px) + 1
        left, top = int(x1) - margin, int(y1) - margin
        right, bottom = int(x2) + margin + 1, int(y2) + margin + 1
        height, width = source.shape[:2]
        if left < 0 or top < 0 or right > width or bottom > height:
            return
        size = np.ceil((right - left, bottom - top) * scale).astype(int)
        patch = _resized(source[top:bottom, left:right], scale, size)
        polygons = [
            (np.reshape(p, (-1, 2)) - (left, top)) * scale
            for p in lesion['mask']
        ]
        box = (np.reshape([x1, y1, x2, y2], (2, 2)) - (left, top)) * scale
        # Pixel centres lie at integers plus 0.5 in mmdet's frame.
        mask = np.logical_or.reduce(
            [rasterize(p - 0.5, size[1], size[0]) for p in polygons]
        )
        ring = _ring(mask)
        middle = patch.shape[2] // 2
        around = np.median(patch[..., middle][ring])
        place = self._place(results, box, size, ring, around)
        if place is None:
            return
        x, y = place
        alpha = cv2.GaussianBlur(
            mask.astype(np.float32), (0, 0), self.blur_px
        )[..., None]
        area = target[y : y + size[1], x : x + size[0]]
        area += alpha * (patch - area)
        results['instances'].append(
            {
                'bbox': (box + place).reshape(-1).tolist(),
                'bbox_label': lesion['bbox_label'],
                'ignore_flag': 0,
                'mask': [(p + place).reshape(-1) for p in polygons],
            }
        )

    def _place(
        self,
        results: dict,
        box: np.ndarray,
        size: np.ndarray,
        ring: np.ndarray,
        around: float,
    ) -> np.ndarray | None:
        """Column and row of the patch's corner; None if none is like it."""
        plane = results['img'][..., results['img'].shape[2] // 2]
        free = np.array(plane.shape[::-1]) - size
        if (free < 0).any():
            return None
        for _ in range(_TRIES):
            x, y = np.random.randint(0, free + 1)
            seen = plane[y : y + size[1], x : x + size[0]][ring]
            low, high = box + np.array([x, y])
            apart = all(
                (high < i['bbox'][:2]).any() or (low > i['bbox'][2:]).any()
                for i in results['instances']
            )
            if apart and abs(np.median(seen) - around) <= self.max_hu:
                return np.array([x, y])
        return None

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(prob={self.prob}, '
            f'max_lesions={self.max_lesions}, max_hu={self.max_hu}, '
            f'blur_px={self.blur_px})'
        )


def _resized(
    image: np.ndarray, scale: np.ndarray, size: np.ndarray
) -> np.ndarray:
    """Scale an image (H, W, S) by x, y factors, into `size` columns, rows.

    Corners of pixels are scaled, so centres c lie at s * (c + 0.5) - 0.5.
    """
    shift = scale / 2 - 0.5
    matrix = np.column_stack([np.diag(scale), shift])
    # OpenCV takes at most four channels at once.
    channels = [
        cv2.warpAffine(
            np.ascontiguousarray(image[..., channel]),
            matrix,
            (int(size[0]), int(size[1])),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for channel in range(image.shape[2])
    ]
    return np.stack(channels, axis=-1)


def _ring(mask: np.ndarray) -> np.ndarray:
    """The pixels around a mask, (H, W) bool."""
    side = 2 * _RING_PX + 1
    grown = cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8))
    return (grown > 0) & ~mask
