"""Source slices of a DICOM series, and segmentation frames on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmuldor.functional.arrays import Bools, Floats, Ints
from mmuldor.scans.dicom.geometry import (
    image_position,
    series_affine,
    slice_normal,
)
from mmuldor.scans.dicom.headers import CT_IMAGES
from mmuldor.scans.dicom.references.reference_headers import reference_headers

if TYPE_CHECKING:
    from highdicom.seg import Segmentation
    from pydicom.dataset import Dataset

# "Source image for image processing operation", CID 7202.
_PURPOSE = ('121322', 'DCM', 'Source image for image processing operation')
# "Segmentation", CID 7203.
_DERIVATION = ('113076', 'DCM', 'Segmentation')

# A position that is off by more was written with too few decimals.
_SAME_PLACE_MM = 1e-3


@dataclass(frozen=True, eq=False)
class SourceSlices:
    """The original slices of the scanner, equally spaced.

    Attributes:
        headers: Header of each slice as of `reference_headers`, in spatial
            order; None for missing slices.
        affine: (4, 4), maps (column, row, slice) indices to patient
            coordinates (LPS, mm); sheared if the gantry was tilted.
    """

    headers: list[Dataset | None]
    affine: Floats

    @property
    def present(self) -> dict[int, Dataset]:
        """Headers by slice index; that of the first slice always exists."""
        return {k: h for k, h in enumerate(self.headers) if h is not None}

    @property
    def files(self) -> list[Dataset]:
        """A header of each file, as if it held single slices.

        highdicom takes several files with many frames only so, and classes
        of images that it knows.
        """
        first: dict[str, Dataset] = {}
        for header in self.present.values():
            first.setdefault(str(header.SOPInstanceUID), header[:])
        for header in first.values():
            header.add_new('SOPClassUID', 'UI', CT_IMAGES[0])
        return list(first.values())

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        first = self.present[0]
        return int(first.Rows), int(first.Columns)

    @property
    def interval_mm(self) -> float:
        """Distance of the slices along their normal."""
        return abs(float(slice_normal(self.present[0]) @ self.affine[:3, 2]))

    @property
    def slanted(self) -> bool:
        """Whether the last slice is over a pixel aside, as of a tilt."""
        normal, step = slice_normal(self.present[0]), self.affine[:3, 2]
        aside_mm = np.linalg.norm(step - normal * (normal @ step))
        pixel_mm = np.linalg.norm(self.affine[:3, :2], axis=0).min()
        return bool(aside_mm * (len(self.headers) - 1) > pixel_mm)

    @property
    def thickness_mm(self) -> float:
        """Thickness of a slice; their distance if it is unknown."""
        return float(self.present[0].SliceThickness or self.interval_mm)


def source_slices(
    headers: Sequence[Dataset | None],
) -> tuple[SourceSlices, list[str]]:
    """The source slices that a derived object refers to.

    Args:
        headers: Header of each slice, None for missing slices; the first and
            the last must exist. They are not changed.

    Returns:
        The slices, and notes on what was replaced in their headers.

    Raises:
        ValueError: If a derived object cannot refer to these slices, see
            :func:`reference_headers`.
    """
    present = [header for header in headers if header is not None]
    valid, notes = reference_headers(present)
    affine = series_affine(headers)
    # As the slices differ within rounding, but a derived object has one grid.
    columns_mm, rows_mm = np.linalg.norm(affine[:3, :2], axis=0).tolist()
    cosines = (affine[:3, :2] / (columns_mm, rows_mm)).T.ravel()
    for header in valid:
        header.PixelSpacing = [_decimal(rows_mm), _decimal(columns_mm)]
        header.ImageOrientationPatient = [*map(_decimal, cosines.tolist())]
    rest = iter(valid)
    by_slice = [None if header is None else next(rest) for header in headers]
    source = SourceSlices(by_slice, affine)
    for k, slice_header in source.present.items():
        _put_on_line(slice_header, affine[:3, 3] + k * affine[:3, 2])
    return source, notes


def _put_on_line(header: Dataset, position: Floats) -> None:
    """Correct a rounded position, for readers want frames evenly spaced."""
    if np.abs(image_position(header) - position).max() > _SAME_PLACE_MM:
        header.ImagePositionPatient = [*map(_decimal, position.tolist())]


class SegmentFrames:
    """Binary frames on source slices, stored as bits.

    Frames follow each other without padding, one bit a pixel (DICOM PS3.5,
    8.1.1).

    Args:
        source: The slices.
    """

    def __init__(self, source: SourceSlices) -> None:
        self._source = source
        # Segment and slice of each frame.
        self._frames: list[tuple[int, int]] = []
        self._packed: list[bytes] = []
        # Bits of the last, incomplete byte of the frames so far.
        self._last_bits: Bools = np.empty(0, dtype=bool)
        self._voxels: list[Ints] = []

    def add(self, segment: int, plane: int, mask: Bools) -> None:
        """Add a frame.

        Args:
            segment: Number of the segment, from 1.
            plane: Index of the source slice.
            mask: (rows, columns) bool.
        """
        self._frames.append((segment, plane))
        self._voxels.append(np.flatnonzero(mask) + plane * mask.size)
        bits = np.concatenate([self._last_bits, mask.ravel()])
        end = len(bits) // 8 * 8
        packed = np.packbits(bits[:end], bitorder='little')
        self._packed.append(packed.tobytes())
        self._last_bits = bits[end:]

    def write_into(self, segmentation: Segmentation) -> None:
        """Replace the frames of a segmentation by these."""
        headers = self._source.present
        used = sorted({plane for _, plane in self._frames})
        segmentation.PerFrameFunctionalGroupsSequence = [
            _frame_groups(segment, used.index(plane) + 1, headers[plane])
            for segment, plane in self._frames
        ]
        for image in (
            *segmentation.SourceImageSequence,
            *segmentation.ReferencedSeriesSequence[
                0
            ].ReferencedInstanceSequence,
        ):
            image.ReferencedSOPClassUID = headers[0].SOPClassUID
        shared = segmentation.SharedFunctionalGroupsSequence[0]
        # highdicom shares it if there is one segment; here each frame has it.
        if 'SegmentIdentificationSequence' in shared:
            del shared.SegmentIdentificationSequence
        measures = shared.PixelMeasuresSequence[0]
        measures.SliceThickness = _decimal(self._source.thickness_mm)
        measures.SpacingBetweenSlices = _decimal(self._source.interval_mm)
        voxels = np.concatenate(self._voxels)
        overlap = len(np.unique(voxels)) < len(voxels)
        segmentation.SegmentsOverlap = 'YES' if overlap else 'NO'
        segmentation.NumberOfFrames = len(self._frames)
        rest = np.packbits(self._last_bits, bitorder='little').tobytes()
        data = b''.join([*self._packed, rest])
        segmentation.PixelData = data + b'\x00' * (len(data) % 2)


def _frame_groups(segment: int, position: int, header: Dataset) -> Dataset:
    """Functional groups of a frame.

    Args:
        segment: Number of the segment, from 1.
        position: Number of the slice among those with a frame, from 1.
        header: Header of the source slice.
    """
    from pydicom.dataset import Dataset

    content, plane, identification = Dataset(), Dataset(), Dataset()
    content.DimensionIndexValues = [segment, position]
    plane.ImagePositionPatient = header.ImagePositionPatient
    identification.ReferencedSegmentNumber = segment
    image, derivation, groups = Dataset(), Dataset(), Dataset()
    image.ReferencedSOPClassUID = header.SOPClassUID
    image.ReferencedSOPInstanceUID = header.SOPInstanceUID
    if 'ReferencedFrameNumber' in header:
        image.ReferencedFrameNumber = header.ReferencedFrameNumber
    image.SpatialLocationsPreserved = 'YES'
    image.PurposeOfReferenceCodeSequence = [_code(*_PURPOSE)]
    derivation.DerivationCodeSequence = [_code(*_DERIVATION)]
    derivation.SourceImageSequence = [image]
    groups.FrameContentSequence = [content]
    groups.PlanePositionSequence = [plane]
    groups.SegmentIdentificationSequence = [identification]
    groups.DerivationImageSequence = [derivation]
    return groups


def _decimal(value: float) -> str:
    """A decimal string of at most 16 characters."""
    from pydicom.valuerep import format_number_as_ds

    # 12 decimals are 1e-9 mm over 1,000 px; 0.7 stays 0.7, and -0.0 is 0.
    return format_number_as_ds(round(value, 12) + 0.0)


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    from pydicom.dataset import Dataset

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator = value, scheme
    code.CodeMeaning = meaning
    return code
