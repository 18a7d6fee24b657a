"""A lesion measured: diameters, box and volume in mm and ml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import check_vector
from mmuldor.functional.boxes import check_boxes
from mmuldor.functional.diameters import recist_of_polygon
from mmuldor.functional.masks import CroppedMask
from mmuldor.scans.lesions import Lesion, SliceDetection


@dataclass(frozen=True, eq=False)
class SliceMeasurement:
    """A mask on a slice with the diameters of its largest component.

    Attributes:
        mask: The mask.
        recist_px: Ends of the long, then of the short diameter, (4, 2) x y,
            pixel centres at integers.
        long_mm: Long diameter.
        short_mm: Short diameter.
    """

    mask: CroppedMask
    recist_px: np.ndarray
    long_mm: float
    short_mm: float


def measure_slice(
    mask: CroppedMask, spacing_mm: Sequence[float]
) -> SliceMeasurement:
    """Measure a mask on a slice.

    Args:
        mask: A mask of at least one pixel.
        spacing_mm: Distance of columns, of rows and optionally of slices.
            Diameters are measured in mm, so pixels need not be square.
    """
    spacing = np.asarray(spacing_mm, dtype=np.float64)[:2]
    ends = recist_of_polygon(mask.outlines()[0] * spacing)
    lengths = np.linalg.norm(ends[1::2] - ends[::2], axis=1)
    return SliceMeasurement(
        mask, ends / spacing, float(lengths.max()), float(lengths.min())
    )


def measure_lesion(
    detections: Sequence[SliceDetection], affine: np.ndarray
) -> Lesion:
    """Measure a lesion.

    Args:
        detections: At least one detection, the highest-scoring one first.
        affine: (4, 4), maps (column, row, slice) indices to patient
            coordinates (LPS, mm).

    Returns:
        The lesion; diameters as RECIST defines them, on the mask of the
        first detection.
    """
    key = detections[0]
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    boxes = np.array([d.box_px for d in detections]) * np.tile(spacing[:2], 2)
    positions = np.array([d.slice_index for d in detections]) * spacing[2]
    box_mm = box_3d_mm(boxes, positions, spacing[2])
    center = (box_mm[:3] + box_mm[3:]) / 2 / spacing
    long_mm = short_mm = recist = None
    if key.mask is not None:
        measured = measure_slice(key.mask, spacing)
        long_mm, short_mm = measured.long_mm, measured.short_mm
        recist = measured.recist_px
    voxels = sum(d.area_px for d in detections)
    return Lesion(
        key.score,
        key.slice_index,
        box_mm,
        affine[:3, :3] @ center + affine[:3, 3],
        long_mm,
        short_mm,
        recist,
        volume_ml(voxels, affine) if voxels else None,
        list(detections),
        lesion_type=key.lesion_type,
    )


def box_3d_mm(
    boxes_mm: ArrayLike, positions_mm: ArrayLike, interval_mm: float
) -> np.ndarray:
    """The 3-D box around a lesion's detections.

    Args:
        boxes_mm: `x1 y1 x2 y2` of its detections in mm, (n, 4), n >= 1.
        positions_mm: Positions of their slices along the normal, (n,).
        interval_mm: Distance of two slices; the box extends half of it beyond
            the first and the last slice.

    Returns:
        `x1 y1 z1 x2 y2 z2` in mm, (6,).
    """
    boxes = check_boxes(boxes_mm, 'boxes_mm')
    positions = check_vector('positions_mm', positions_mm, len(boxes))
    half = interval_mm / 2
    return np.array(
        [
            *boxes[:, :2].min(axis=0), positions.min() - half,
            *boxes[:, 2:].max(axis=0), positions.max() + half,
        ]
    )  # fmt: skip


def volume_ml(voxels: int, affine: np.ndarray) -> float:
    """Volume of a mask in ml.

    Slices of a lesion without a detection do not contribute.

    Args:
        voxels: Number of voxels of the mask, on all slices.
        affine: (4, 4), from indices to mm. A voxel has the volume of its
            determinant, even if the axes are not at right angles.
    """
    return float(voxels * abs(np.linalg.det(affine[:3, :3])) / 1000)
