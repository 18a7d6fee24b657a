"""Where points of a volume lie on the images of the scanner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Floats
from mmuldor.functional.frame import to_detector
from mmuldor.scans.dicom.segmentation_frames import SourceSlices
from mmuldor.scans.volume import Volume

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# Maximum distance of a point from a source slice, in slices: that of
# `mmuldor.scans.provenance.slice_source`.
_SAME_SLICE = 0.25
# What rounding moves a point across the border of an image.
_ROUNDING_PX = 1e-3


@dataclass(frozen=True, eq=False)
class ImagePoints:
    """Points on a source image.

    Attributes:
        header: Header of the source slice.
        points: (n, 2) column, row in px; the outer corner of the first pixel
            is (0, 0), its centre (0.5, 0.5) (DICOM PS3.3, C.18.6).
    """

    header: Dataset
    points: Floats


class Places:
    """Converts points of a volume for a report.

    Args:
        source: The original slices of the volume's series.
        volume: The volume; it may be turned, flipped or straightened against
            the slices.
    """

    def __init__(self, source: SourceSlices, volume: Volume) -> None:
        self._headers = source.present
        self._size = np.array(source.shape[::-1])
        self._to_source = np.linalg.inv(source.affine) @ volume.affine
        self._volume = volume

    def on_image(
        self, points_px: ArrayLike, index: int, clip: bool = False
    ) -> ImagePoints | None:
        """Points of a slice of the volume on the source image there.

        Args:
            points_px: (n, 2) x y in px, pixel centres at integers.
            index: Slice of the volume.
            clip: Move points beside the image to its border.

        Returns:
            None if there is no image: the slice was filled in, the source
            slices lie across those of the volume, or a point lies in the air
            that was added around slices of a tilted gantry.
        """
        indices = _indices(points_px, index)
        moved = indices @ self._to_source[:3, :3].T + self._to_source[:3, 3]
        plane = round(float(moved[:, 2].mean()))
        header = self._headers.get(plane)
        if header is None or np.abs(moved[:, 2] - plane).max() > _SAME_SLICE:
            return None
        points = to_detector(moved[:, :2])
        inside = points.clip(0, self._size)
        if not clip and np.abs(points - inside).max() > _ROUNDING_PX:
            return None
        return ImagePoints(header, inside)

    def in_patient(self, points_px: ArrayLike, index: int) -> Floats:
        """The same points in patient coordinates (LPS, mm), (n, 3)."""
        return self._volume.to_patient(_indices(points_px, index))


def _indices(points_px: ArrayLike, index: int) -> Floats:
    """(n, 3) column, row and slice."""
    points = np.asarray(points_px, dtype=np.float64).reshape(-1, 2)
    return np.column_stack([points, np.full(len(points), float(index))])
