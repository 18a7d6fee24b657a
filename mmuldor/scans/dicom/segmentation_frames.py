"""Source slices of a DICOM series, and frames that lie on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmuldor.scans.dicom.headers import normal, position

# What may be empty but must be there; anonymised files often lack some.
_MAY_BE_EMPTY = (
    'PatientID', 'PatientName', 'PatientBirthDate', 'PatientSex',
    'AccessionNumber', 'StudyID', 'StudyDate', 'StudyTime',
    'ReferringPhysicianName', 'SliceThickness',
)  # fmt: skip
# "Source image for image processing operation", CID 7202.
_PURPOSE = ('121322', 'DCM', 'Source image for image processing operation')
# "Segmentation", CID 7203.
_DERIVATION = ('113076', 'DCM', 'Segmentation')


@dataclass(frozen=True, eq=False)
class SourceSlices:
    """The slices as the scanner made them, equally far apart.

    Attributes:
        headers: The header of each, from one end to the other; None where
            one is missing.
        affine: Turns (column, row, slice) indices into patient coordinates
            (LPS, mm), (4, 4).
    """

    headers: list
    affine: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.headers[0].Rows), int(self.headers[0].Columns)

    @property
    def interval_mm(self) -> float:
        """Distance of the slices along their normal."""
        return abs(float(normal(self.headers[0]) @ self.affine[:3, 2]))

    @property
    def thickness_mm(self) -> float:
        """Thickness of a slice, their distance where it is not known."""
        return float(self.headers[0].SliceThickness or self.interval_mm)


def read_source_slices(files: Sequence[Path | None]) -> SourceSlices:
    """Read the headers that a derived object must refer to.

    Args:
        files: File of each slice, None where one is missing; neither the
            first nor the last.

    Raises:
        ValueError: If nothing can refer to these slices, for example because
            they do not share a frame of reference.
    """
    import pydicom

    headers = [
        None
        if file is None
        else pydicom.dcmread(file, stop_before_pixels=True)
        for file in files
    ]
    first, last = headers[0], headers[-1]
    there = [header for header in headers if header is not None]
    for name in ('StudyInstanceUID', 'FrameOfReferenceUID', 'SOPClassUID'):
        found = {str(header.get(name, '')) for header in there}
        if found == {''} or len(found) > 1:
            raise ValueError(
                f'the slices must have one common {name}, but have '
                f'{", ".join(sorted(found - {""})[:2]) or "none"}'
            )
    if len({str(h.get('SOPInstanceUID', '')) for h in there}) < len(there):
        raise ValueError('every slice must have its own SOPInstanceUID')
    for header in there:
        # Within the reader's tolerance; a derived object has but one.
        header.ImageOrientationPatient = first.ImageOrientationPatient
        for name in _MAY_BE_EMPTY:
            if name not in header:
                setattr(header, name, None)
    row_mm, column_mm = (float(value) for value in first.PixelSpacing)
    orientation = np.array(first.ImageOrientationPatient, dtype=np.float64)
    affine = np.eye(4)
    affine[:3, 0] = orientation[:3] * column_mm
    affine[:3, 1] = orientation[3:] * row_mm
    affine[:3, 2] = (position(last) - position(first)) / (len(headers) - 1)
    affine[:3, 3] = position(first)
    return SourceSlices(headers, affine)


class Frames:
    """Binary frames on source slices, kept as bits until they are written.

    Frames lie right behind each other, one bit a pixel (PS3.5, 8.1.1).
    """

    def __init__(self, source: SourceSlices) -> None:
        self._source = source
        self._places: list[tuple[int, int]] = []
        self._packed: list[bytes] = []
        self._spare = np.empty(0, dtype=bool)
        self._pixels: list[np.ndarray] = []

    def add(self, segment: int, plane: int, mask: np.ndarray) -> None:
        """Add the mask of a segment on a slice, (rows, columns) bool."""
        self._places.append((segment, plane))
        self._pixels.append(np.flatnonzero(mask) + plane * mask.size)
        bits = np.concatenate([self._spare, mask.ravel()])
        whole = len(bits) // 8 * 8
        packed = np.packbits(bits[:whole], bitorder='little')
        self._packed.append(packed.tobytes())
        self._spare = bits[whole:]

    def put_into(self, seg) -> None:
        """Replace the frames of a segmentation by these."""
        headers = self._source.headers
        used = sorted({plane for _, plane in self._places})
        seg.PerFrameFunctionalGroupsSequence = [
            _frame_groups(segment, used.index(plane) + 1, headers[plane])
            for segment, plane in self._places
        ]
        shared = seg.SharedFunctionalGroupsSequence[0]
        # There where it has only one segment; here it stands with each frame.
        if 'SegmentIdentificationSequence' in shared:
            del shared.SegmentIdentificationSequence
        measures = shared.PixelMeasuresSequence[0]
        measures.SliceThickness = _decimal(self._source.thickness_mm)
        measures.SpacingBetweenSlices = _decimal(self._source.interval_mm)
        pixels = np.concatenate(self._pixels)
        overlap = len(np.unique(pixels)) < len(pixels)
        seg.SegmentsOverlap = 'YES' if overlap else 'NO'
        seg.NumberOfFrames = len(self._places)
        rest = np.packbits(self._spare, bitorder='little').tobytes()
        data = b''.join([*self._packed, rest])
        seg.PixelData = data + b'\x00' * (len(data) % 2)


def _frame_groups(segment: int, place: int, header):
    """Functional groups of a frame on the slice with that header."""
    from pydicom.dataset import Dataset

    content, plane, number = Dataset(), Dataset(), Dataset()
    content.DimensionIndexValues = [segment, place]
    plane.ImagePositionPatient = header.ImagePositionPatient
    number.ReferencedSegmentNumber = segment
    image, derivation, groups = Dataset(), Dataset(), Dataset()
    image.ReferencedSOPClassUID = header.SOPClassUID
    image.ReferencedSOPInstanceUID = header.SOPInstanceUID
    image.SpatialLocationsPreserved = 'YES'
    image.PurposeOfReferenceCodeSequence = [_code(*_PURPOSE)]
    derivation.DerivationCodeSequence = [_code(*_DERIVATION)]
    derivation.SourceImageSequence = [image]
    groups.FrameContentSequence = [content]
    groups.PlanePositionSequence = [plane]
    groups.SegmentIdentificationSequence = [number]
    groups.DerivationImageSequence = [derivation]
    return groups


def _decimal(value: float) -> str:
    """A decimal string of at most 16 characters."""
    from pydicom.valuerep import format_number_as_ds

    return format_number_as_ds(value)


def _code(value: str, scheme: str, meaning: str):
    from pydicom.dataset import Dataset

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator = value, scheme
    code.CodeMeaning = meaning
    return code
