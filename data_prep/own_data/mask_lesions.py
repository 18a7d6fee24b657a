"""Lesions of label masks, measured on slices and in space."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mmuldor.functional.masks import CroppedMask, crop_mask
from mmuldor.scans.measurement import (
    SliceMeasurement,
    measure_slice,
    volume_ml,
)

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

    def on_slice(self, index: int) -> CroppedMask | None:
        """Its mask on a slice of the volume; None where it has no voxel."""
        first, row, column = self.low.tolist()
        return crop_mask(self.mask[index - first], row, column)

    def box_mm(self, spacing_mm: Sequence[float]) -> np.ndarray:
        """`x1 y1 z1 x2 y2 z2` in mm along columns, rows and slices, (6,).

        From the centre of the volume's first voxel, out to the borders of
        the voxels, as `lesions.json` of `tools/infer.py` has it.
        """
        low = self.low[::-1] - 0.5
        high = low + self.mask.shape[::-1]
        return np.concatenate([low, high]) * np.tile(spacing_mm, 2)

    def volume_ml(self, affine: np.ndarray) -> float:
        """The volume of its voxels, by the affine of the scan, (4, 4)."""
        return volume_ml(np.count_nonzero(self.mask), affine)


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

    (window,) = ndimage.find_objects((labels != 0).view(np.uint8), 1)
    if window is None:
        return []
    low = [axis.start for axis in window]
    crop = labels[window]
    lesions = []
    for value in np.unique(crop[crop != 0]).tolist():
        if values is not None and value not in values:
            continue
        mask = crop == value
        if instances:
            pieces, count = mask.astype(np.uint8), 1
        else:
            pieces, count = ndimage.label(mask, _TOUCHING)
        found = ndimage.find_objects(pieces, count)
        for number, where in enumerate(found, start=1):
            start = np.add(low, [axis.start for axis in where])
            lesions.append(MaskedLesion(value, start, pieces[where] == number))
    return lesions


def measurements_by_slice(
    lesion: MaskedLesion, spacing_mm: Sequence[float], wanted: set[int]
) -> Iterator[tuple[int, SliceMeasurement]]:
    """The measurements of a lesion on those of the given slices it covers."""
    for index in lesion.slices:
        mask = lesion.on_slice(index) if index in wanted else None
        # A lesion of several pieces may have no voxel on a slice.
        if mask is not None:
            yield index, measure_slice(mask, spacing_mm)
