"""RECIST diameters on a true mask, the way a radiologist places them."""

from __future__ import annotations

import cv2
import numpy as np

from ..settings import SKEW_DEG, SKEW_DEG_QUANTILES

SLACK_LONG = 0.97  # a long diameter is at least this share of the longest
SLACK_SHORT = 0.93
CROSSINGS = (0.22, 0.78)  # of the short on the long diameter: DeepLesion's
JITTER_PX = 0.35


def measure_recist(
    mask: np.ndarray, rng: np.random.Generator
) -> np.ndarray | None:
    """Two diameters of a lesion.

    Args:
        mask: (H, W) bool, one piece.
        rng: Draws which of the nearly longest lines is taken, how far from
            perpendicular the short one is, and the hand's tremor.

    Returns:
        (4, 2) float64 x, y: the ends of the long, then of the short diameter,
        pixel centres at integers. None where the mask is too small.
    """
    outline = _outline(mask)
    if len(outline) < 6:
        return None
    ends = _lengthen(_long_diameter(outline, rng), rng)
    ends += rng.normal(0, JITTER_PX, (2, 2)).clip(-0.9, 0.9)
    chord = _short_diameter(outline, ends, rng)
    if chord is None:
        return None
    # The short one's ends slip along it only: viewers hold its angle.
    points = np.vstack([ends, _lengthen(chord, rng)])
    return points if _lengths(points).min() >= 1 else None


def _lengthen(ends: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move both ends out by half a pixel, and a little at random.

    Half a pixel, as the outline runs through the centres of border pixels.
    """
    way = ends[1] - ends[0]
    way = way / max(float(np.linalg.norm(way)), 1e-6)
    slip = 0.5 + rng.normal(0, JITTER_PX, 2).clip(-0.9, 0.9)
    return ends + np.stack([-way, way]) * slip[:, None]


def to_csv_order(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Longest first, but for 0.6 %; either end of a line first."""
    lengths = _lengths(points)
    long_first = (lengths[0] >= lengths[1]) != (rng.random() < 0.006)
    pairs = (
        [points[:2], points[2:]] if long_first else [points[2:], points[:2]]
    )
    pairs = [p[::-1] if rng.random() < 0.5 else p for p in pairs]
    return np.vstack(pairs)


def _lengths(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[1::2] - points[::2], axis=1)


def _outline(mask: np.ndarray) -> np.ndarray:
    """(N, 2) float64 x, y of all border pixels in order."""
    lines, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    if not lines:
        return np.zeros((0, 2))
    return max(lines, key=len)[:, 0].astype(float)


def _long_diameter(
    outline: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(2, 2): one of the nearly longest lines across the outline."""
    hull = cv2.convexHull(outline.astype(np.float32))[:, 0].astype(float)
    gaps = np.linalg.norm(hull[:, None] - hull[None], axis=2)
    first, second = np.nonzero(np.triu(gaps >= SLACK_LONG * gaps.max()))
    pick = rng.integers(len(first))
    return np.stack([hull[first[pick]], hull[second[pick]]])


def _short_diameter(
    outline: np.ndarray, ends: np.ndarray, rng: np.random.Generator
) -> np.ndarray | None:
    """(2, 2): a nearly widest line, nearly perpendicular to the long one."""
    skew = np.radians(
        np.interp(rng.random(), SKEW_DEG_QUANTILES, SKEW_DEG)
    ) * rng.choice([-1, 1])
    way = ends[1] - ends[0]
    length = float(np.linalg.norm(way))
    angle = np.arctan2(way[1], way[0]) + np.pi / 2 + skew
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([along[1], -along[0]])
    closed = np.vstack([outline, outline[:1]])
    v = (closed - ends[0]) @ across  # which parallel line
    u = (closed - ends[0]) @ along  # where on it
    end_v = float((ends[1] - ends[0]) @ across)
    end_u = float((ends[1] - ends[0]) @ along)
    shares = np.linspace(*CROSSINGS, max(3, int(length)))
    chords = [_chord(u, v, share * end_v, share * end_u) for share in shares]
    widths = np.array([high - low for low, high in chords])
    if widths.max() <= 0:
        return None
    pick = rng.choice(np.flatnonzero(widths >= SLACK_SHORT * widths.max()))
    base = ends[0] + across * (shares[pick] * end_v)
    return np.stack([base + along * value for value in chords[pick]])


def _chord(
    u: np.ndarray, v: np.ndarray, at: float, through: float
) -> tuple[float, float]:
    """Where the line v = `at` leaves the outline around u = `through`."""
    low, high = v[:-1] - at, v[1:] - at
    hit = (low <= 0) != (high <= 0)
    part = low[hit] / (low[hit] - high[hit])
    cuts = u[:-1][hit] + part * (u[1:][hit] - u[:-1][hit])
    below, above = cuts[cuts <= through], cuts[cuts >= through]
    if not below.size or not above.size:
        return 0.0, 0.0
    return float(below.max()), float(above.min())
