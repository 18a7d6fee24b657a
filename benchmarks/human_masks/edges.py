"""Where the edges of real lesions lie, seen from their RECIST endpoints.

The reader puts an endpoint on the visible edge. Along a diameter from A to B,
the edges found at both ends lie at A + a and B + b. A shift of the frame moves
both by the same, (a + b) / 2; a reader who measures inside or outside of the
edge moves them apart, (b - a) / 2. A diameter tells only the shift along its
own direction; diameters of all directions together tell dx and dy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from benchmarks.human_masks.lesions import RealLesion
from mmuldor.functional.recist import pseudo_mask_polygon

_STEP_PX = 0.05
# Profiles beside the diameter are averaged, since CT noise is 10 to 20 HU.
_BESIDE_PX = np.arange(-1, 1.01, 0.5)


@dataclass(frozen=True)
class EdgeSettings:
    """How an edge is found.

    Attributes:
        sigma_px: Of the Gaussian that smoothes the slice.
        reach_px: The edge is looked for this far on both sides of an
            endpoint. Where noise wins, the found place is anywhere in it and
            0 on average, so shifts are rather too small than too large.
    """

    sigma_px: float = 1.0
    reach_px: float = 2.0


def edge_shifts(
    lesion: RealLesion, settings: EdgeSettings
) -> list[tuple[np.ndarray, float, float]]:
    """Direction (2,), shift and growth in px, of both diameters."""
    smooth = ndimage.gaussian_filter(
        lesion.hu.astype(np.float64), settings.sigma_px
    )
    rise = _contrast(smooth, lesion.ends_px)
    found = []
    for first, second in lesion.ends_px.reshape(2, 2, 2):
        along = (second - first) / np.linalg.norm(second - first)
        # Both measured outward.
        a = _edge(smooth, first, -along, rise, settings.reach_px)
        b = _edge(smooth, second, along, rise, settings.reach_px)
        found.append((along, (b - a) / 2, (a + b) / 2))
    return found


def frame_of(
    directions: np.ndarray,
    shifts: np.ndarray,
    growths: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    """dx, dy (least squares), their mean, and mean growth, (4,) px.

    Args:
        directions: Unit vectors of n diameters, (n, 2).
        shifts: Shift of each along its direction, (n,).
        growths: (n,).
        weights: (n,).
    """
    weighted = directions * weights[:, None]
    offset = np.linalg.lstsq(weighted.T @ directions, weighted.T @ shifts)[0]
    growth = (growths @ weights) / weights.sum()
    return np.array([*offset, offset.mean(), growth])


def all_shifts(
    lesions: Iterable[RealLesion], settings: EdgeSettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Directions, shifts, growths and patients of all diameters."""
    rows = [
        (*found, lesion.patient)
        for lesion in lesions
        for found in edge_shifts(lesion, settings)
    ]
    directions, shifts, growths, patients = zip(*rows, strict=True)
    return (
        *map(np.array, (directions, shifts, growths)),
        list(patients),
    )


def _sample(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Cubic interpolation at x, y (..., 2), pixel centres at integers."""
    return ndimage.map_coordinates(
        image, np.moveaxis(points[..., ::-1], -1, 0), order=3, mode='nearest'
    )


def _contrast(image: np.ndarray, ends: np.ndarray) -> float:
    """1 where the lesion is darker than what is around it, else -1."""
    outline = pseudo_mask_polygon(ends)
    centre = outline.mean(axis=0)
    inside = centre + 0.6 * (outline - centre)
    outward = outline - centre
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    outside = outline + 3 * outward
    difference = _sample(image, outside).mean() - _sample(image, inside).mean()
    return float(np.sign(difference))


def _edge(
    image: np.ndarray,
    end: np.ndarray,
    outward: np.ndarray,
    rise: float,
    reach: float,
) -> float:
    """Distance outward from an endpoint to the steepest edge, px."""
    at = np.arange(-reach, reach + _STEP_PX / 2, _STEP_PX)
    beside = np.array([-outward[1], outward[0]])
    points = end + at[:, None, None] * outward
    points = points + _BESIDE_PX[:, None] * beside
    profile = _sample(image, points).mean(axis=1)
    return float(at[(rise * np.gradient(profile)).argmax()])
