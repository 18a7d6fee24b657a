"""Lesions out of label masks, measured on slices and in space."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mmuldor.functional.diameters import recist_of_polygon
from mmuldor.functional.masks import mask_polygons

# Voxels that touch by a corner belong together, as pixels of a diagonal do.
_TOUCHING = np.ones((3, 3, 3), dtype=bool)


@dataclass(frozen=True, eq=False)
class MaskedLesion:
    """A lesion as a piece of a label mask.

    Attributes:
        label: Its value in the mask.
        low: Slice, row and column where `mask` begins in the volume, (3,).
        mask: The box around it, (slices, rows, columns) bool.
    """

    label: int
    low: np.ndarray
    mask: np.ndarray

    @property
    def slices(self) -> range:
        """Slices of the volume from its lowest to its highest one."""
        return range(int(self.low[0]), int(self.low[0]) + len(self.mask))

    @property
    def key_slice(self) -> int:
        """Slice of its largest area, the lowest of equal ones."""
        areas = np.count_nonzero(self.mask, axis=(1, 2))
        return int(self.low[0] + areas.argmax())

    def on_slice(self, index: int) -> np.ndarray:
        """Its mask on a slice of the volume, cropped, (rows, columns)."""
        return self.mask[index - self.low[0]]

    def box_mm(self, spacing_mm: Sequence[float]) -> np.ndarray:
        """`x1 y1 z1 x2 y2 z2` in mm along columns, rows and slices, (6,).

        From the centre of the volume's first voxel, out to the borders of
        the voxels, as `lesions.json` of `tools/infer.py` has it.
        """
        low = self.low[::-1] - 0.5
        high = low + self.mask.shape[::-1]
        return np.concatenate([low, high]) * np.tile(spacing_mm, 2)

    def volume_ml(self, spacing_mm: Sequence[float]) -> float:
        """Its voxels' volume."""
        return float(self.mask.sum() * np.prod(spacing_mm) / 1000)


def find_lesions(
    labels: np.ndarray,
    values: Sequence[int] | None = None,
    instances: bool = False,
) -> list[MaskedLesion]:
    """The lesions of a label mask.

    Args:
        labels: (slices, rows, columns) unsigned integers, 0 where nothing is.
        values: Labels that are lesions; None: every one but 0.
        instances: Each label is one lesion, in however many pieces. By
            default each connected piece (of 26 neighbours) of a label is.

    Returns:
        By label, then from the lowest slice up.
    """
    from scipy import ndimage

    low, inside = _cropped(labels != 0)
    if not inside.size:
        return []
    window = tuple(
        slice(a, a + n) for a, n in zip(low, inside.shape, strict=True)
    )
    crop = labels[window]
    lesions = []
    for value in np.unique(crop[inside]).tolist():
        if values is not None and value not in values:
            continue
        mask = crop == value
        if instances:
            pieces, count = mask.astype(np.uint8), 1
        else:
            pieces, count = ndimage.label(mask, _TOUCHING)
        found = ndimage.find_objects(pieces, count)
        for number, where in enumerate(found, start=1):
            start = low + [axis.start for axis in where]
            lesions.append(MaskedLesion(value, start, pieces[where] == number))
    return lesions


def _cropped(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the box around a mask begins, and the mask in it."""
    spans = []
    for axis in range(mask.ndim):
        others = tuple(k for k in range(mask.ndim) if k != axis)
        filled = np.flatnonzero(mask.any(axis=others))
        spans.append((filled[0], filled[-1] + 1) if filled.size else (0, 0))
    return np.array([a for a, _ in spans]), mask[
        tuple(slice(a, b) for a, b in spans)
    ]


@dataclass(frozen=True, eq=False)
class SliceMeasurement:
    """A lesion's mask on one slice, measured.

    Attributes:
        box_px: `x1 y1 x2 y2` around all its pixels, out to their borders,
            pixel centres at integers, (4,).
        recist_px: Ends of the long, then of the short diameter of its
            largest piece, (4, 2) x y.
        long_mm: The long diameter.
        short_mm: The short one.
        mask: (rows, columns) bool, cropped.
        corner_px: Column and row where `mask` begins.
    """

    box_px: np.ndarray
    recist_px: np.ndarray
    long_mm: float
    short_mm: float
    mask: np.ndarray
    corner_px: tuple[int, int]

    def whole(self, height: int, width: int) -> np.ndarray:
        """The mask on its whole slice, (height, width) bool."""
        whole = np.zeros((height, width), dtype=bool)
        column, row = self.corner_px
        rows, columns = self.mask.shape
        whole[row : row + rows, column : column + columns] = self.mask
        return whole


def measure_mask(
    mask: np.ndarray,
    spacing_mm: Sequence[float],
    corner_px: Sequence[int] = (0, 0),
) -> SliceMeasurement:
    """Measure a mask on a slice.

    Args:
        mask: (rows, columns) bool, at least one pixel.
        spacing_mm: Distance of columns and of rows; diameters are the
            longest in mm, so that pixels need not be square.
        corner_px: Column and row of the slice where `mask` begins.
    """
    (row, column), inside = _cropped(mask)
    corner = np.array([column, row]) + corner_px
    spacing = np.asarray(spacing_mm, dtype=np.float64)[:2]
    outline = mask_polygons(inside)[0] + corner
    ends = recist_of_polygon(outline * spacing)
    lengths = np.linalg.norm(ends[1::2] - ends[::2], axis=1)
    sides = inside.shape[::-1]
    return SliceMeasurement(
        np.concatenate([corner - 0.5, corner - 0.5 + sides]),
        ends / spacing,
        float(lengths.max()),
        float(lengths.min()),
        inside,
        (int(corner[0]), int(corner[1])),
    )


def measurements_by_slice(
    lesion: MaskedLesion, spacing_mm: Sequence[float], wanted: set[int]
) -> Iterator[tuple[int, SliceMeasurement]]:
    """The wanted slices that a lesion covers, with its facts there."""
    _, row, column = lesion.low.tolist()
    for index in lesion.slices:
        mask = lesion.on_slice(index)
        # A lesion of several pieces may leave a slice out.
        if index in wanted and mask.any():
            yield index, measure_mask(mask, spacing_mm, (column, row))
