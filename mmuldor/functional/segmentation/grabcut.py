"""Lesion masks from RECIST diameters and pixels: GrabCut.

Cai et al., MICCAI 2018 (arXiv 1807.01172), seed GrabCut (Rother et al., ACM
SIGGRAPH 2004) with the diameters of DeepLesion: of a region twice as large as
their box the outer half is background, a tenth around the diameters is lesion,
and the rest is decided, starting from what is nearer. So here, but lesion for
sure is only what the paper's pseudo mask has too: a thick line reaches beyond
the ends of a diameter.

Coordinates are in px, pixel centres at integers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmuldor.functional.arrays import Bools, Floats, Numbers
from mmuldor.functional.diameters import check_endpoints
from mmuldor.functional.masks import CroppedMask, largest_piece, rasterize
from mmuldor.functional.recist import pseudo_mask_polygon

Labels = NDArray[np.uint8]
# Sides of the region in those of the diameters' box.
REGION = 2.0
# Shares of the region's area: background beyond the inner half, of sides
# smaller by the root of 2, and lesion around the diameters.
UNDECIDED_SHARE, LESION_SHARE = 0.5, 0.1
ITERATIONS = 5
# Density that is told apart; metal and bone beyond it are alike.
HU = (-1024.0, 1000.0)
# Shares of the pixels whose densities stretch over 8 bits.
STRETCH = (1.0, 99.0)
# The colour models have five Gaussians each; each needs a pixel.
_LEAST_PIXELS = 5
# Areas beyond these, in those of the paper's pseudo mask, are no refinement:
# the cut leaked, or kept the seeds alone.
AREA_RATIOS = (0.5, 2.0)


def grabcut_mask(hu: Numbers, endpoints_px: Floats) -> CroppedMask | None:
    """The mask of a lesion, refined by the densities around its diameters.

    The same input gives the same mask: OpenCV's generator is seeded.

    Args:
        hu: The slice, (H, W) HU.
        endpoints_px: (4, 2) endpoints of the diameters.

    Returns:
        The largest piece, with its holes filled, on the slice; None where
        there are too few pixels to tell lesion from background, or the area
        is not 0.5 to 2 times that of :func:`pseudo_mask_polygon`.

    Raises:
        ValueError: As for :func:`check_endpoints`.
    """
    points = np.reshape(check_endpoints(endpoints_px), (4, 2))
    pseudo = rasterize(pseudo_mask_polygon(points), *hu.shape)
    rows, columns = _region(points, hu.shape)
    part = np.clip(hu[rows, columns], *HU).astype(np.float64)
    corner = np.array([columns.start, rows.start])
    seeded = seeds(points - corner, pseudo[rows, columns])
    piece = largest_piece(_cut(part, seeded))
    if piece is None:
        return None
    low, high = AREA_RATIOS
    if not low <= piece.area_px / np.count_nonzero(pseudo) <= high:
        return None
    return CroppedMask(
        piece.row + rows.start, piece.column + columns.start, piece.bitmap
    )


def seeds(endpoints_px: Floats, pseudo_mask: Bools) -> Labels:
    """What GrabCut starts from.

    Args:
        endpoints_px: (4, 2) endpoints, in px of the region.
        pseudo_mask: The paper's mask, (H, W), the region alone.

    Returns:
        (H, W) uint8, labels of OpenCV: 0 background, 1 lesion, 2 probably
        background, 3 probably lesion.
    """
    import cv2

    height, width = pseudo_mask.shape
    rows, columns = np.indices((height, width))
    places = np.stack([columns, rows], axis=-1)
    far = _distances(places, endpoints_px)
    count = max(int(LESION_SHARE * far.size), 1)
    reach = np.partition(far.ravel(), count - 1)[count - 1]
    lesion = (far <= reach) & pseudo_mask
    low, high = endpoints_px.min(axis=0), endpoints_px.max(axis=0)
    half = (high - low) / 2 * REGION * np.sqrt(UNDECIDED_SHARE)
    background = (abs(places - (low + high) / 2) > half).any(axis=-1)
    to_lesion, to_background = (
        cv2.distanceTransform(
            (~known).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
        )
        for known in (lesion, background)
    )
    labels = np.where(
        to_lesion < to_background, cv2.GC_PR_FGD, cv2.GC_PR_BGD
    ).astype(np.uint8)
    labels[background] = cv2.GC_BGD
    labels[lesion] = cv2.GC_FGD
    return labels


def _region(points: Floats, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of the region around the diameters' box."""
    low, high = points.min(axis=0), points.max(axis=0)
    half = (high - low) / 2 * REGION
    centre = (low + high) / 2
    first = np.floor(centre - half).astype(int)
    last = np.ceil(centre + half).astype(int)
    size = np.array(shape[1::-1])
    left, top = np.clip(first, 0, size - 1).tolist()
    right, bottom = np.clip(last, 0, size - 1).tolist()
    return slice(top, bottom + 1), slice(left, right + 1)


def _distances(places: Numbers, points: Floats) -> Floats:
    """Distance of places (H, W, 2) to the nearer diameter, (H, W) px."""
    found = []
    for start, end in (points[:2], points[2:]):
        along = end - start
        share = ((places - start) @ along / (along @ along)).clip(0, 1)
        nearest = start + share[..., None] * along
        found.append(np.linalg.norm(places - nearest, axis=-1))
    nearer: Floats = np.minimum(*found)
    return nearer


def _cut(hu: Floats, labels: Labels) -> Bools:
    """The mask of a region, (H, W); empty where GrabCut cannot decide."""
    import cv2

    low, high = np.percentile(hu, STRETCH)
    lesion = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    few = min(np.count_nonzero(lesion), np.count_nonzero(~lesion))
    if high <= low or few < _LEAST_PIXELS or not (labels == 1).any():
        return np.zeros(hu.shape, dtype=bool)
    stretched = ((hu - low) / (high - low)).clip(0, 1) * 255
    image: Any = np.repeat(
        np.rint(stretched).astype(np.uint8)[..., None], 3, 2
    )
    models: Any = np.zeros((2, 1, 65))
    found: Any = labels.copy()
    # Any: a mask takes the place of the rectangle.
    nothing: Any = None
    # The colour models start from k-means with random centres.
    cv2.setRNGSeed(0)
    cv2.grabCut(
        image,
        found,
        nothing,
        models[0],
        models[1],
        ITERATIONS,
        cv2.GC_INIT_WITH_MASK,
    )
    refined: Bools = (found == cv2.GC_FGD) | (found == cv2.GC_PR_FGD)
    return refined
