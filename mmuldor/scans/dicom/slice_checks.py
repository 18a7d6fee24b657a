"""Checks that DICOM images are slices of a CT in Hounsfield units."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmuldor.io.limits import MAX_NUMBER, MAX_SIDE_PX, PIXEL_MM
from mmuldor.scans.dicom.geometry import angle_degrees, slice_normal
from mmuldor.scans.dicom.headers import DicomFile

# Numeric elements that a slice must have, and their numbers of values.
_VALUE_COUNTS = {
    'RescaleSlope': 1,
    'RescaleIntercept': 1,
    'ImagePositionPatient': 3,
    'ImageOrientationPatient': 6,
    'PixelSpacing': 2,
}
# Maximum angle between the normals of slices of one series.
MAX_ANGLE_DEGREES = 0.5


def check_slice(file: DicomFile) -> None:
    """Raise ValueError unless the image is a slice of a CT in HU."""
    where, header = file.where, file.header
    modality = header.get('Modality', 'nothing')
    if modality != 'CT':
        raise ValueError(f'{where}: Modality must be CT, but got {modality}.')
    if str(header.get('NumberOfFrames') or 1).strip() != '1':
        raise ValueError(
            f'{where} must be one slice, but NumberOfFrames is '
            f'{header.NumberOfFrames}. Convert it with dcm2niix.'
        )
    if header.get('SamplesPerPixel', 1) != 1:
        raise ValueError(
            f'{where} must hold CT numbers, but SamplesPerPixel is '
            f'{header.SamplesPerPixel}, as of a colour picture.'
        )
    photometric = str(header.get('PhotometricInterpretation', 'MONOCHROME2'))
    if photometric not in ('MONOCHROME1', 'MONOCHROME2'):
        raise ValueError(
            f'{where} must hold CT numbers, but PhotometricInterpretation is '
            f'{photometric[:80]}, as of a colour picture.'
        )
    for keyword in _VALUE_COUNTS:
        if header.get(keyword) in (None, ''):
            raise ValueError(f'{where} must have {keyword}, but has none.')
    _check_numbers(file)
    unit = header.get('RescaleType') or 'HU'
    if unit != 'HU':
        raise ValueError(f'{where}: RescaleType must be HU, but got {unit}.')


def _check_numbers(file: DicomFile) -> None:
    """Raise ValueError if a numeric element of a slice is invalid."""
    where, header = file.where, file.header
    for keyword in ('Rows', 'Columns'):
        side = header.get(keyword)
        if not isinstance(side, int) or not 0 < side <= MAX_SIDE_PX:
            raise ValueError(
                f'{where}: {keyword} must be 1 to {MAX_SIDE_PX}, but got '
                f'{side}.'
            )
    for keyword, count in _VALUE_COUNTS.items():
        try:
            values = np.atleast_1d(np.array(header[keyword].value, np.float64))
        except (TypeError, ValueError):
            values = np.zeros(0)
        complete = values.shape == (count,)
        if not complete or not (np.abs(values) <= MAX_NUMBER).all():
            raise ValueError(
                f'{where}: {keyword} must be {count} finite numbers, but got '
                f'{str(header.get(keyword))[:80]}.'
            )
    low, high = PIXEL_MM
    if not all(low <= value <= high for value in header.PixelSpacing):
        raise ValueError(
            f'{where}: PixelSpacing must be {low:g} to {high:g} mm, but got '
            f'{header.PixelSpacing}.'
        )
    if not 0.99 < np.linalg.norm(slice_normal(header)) < 1.01:
        raise ValueError(
            f'{where}: ImageOrientationPatient must be two directions at a '
            f'right angle, but got {header.ImageOrientationPatient}.'
        )


def check_same_grid(files: Sequence[DicomFile]) -> None:
    """Raise ValueError unless slices have one size, spacing and normal."""
    first = files[0].header
    for file in files:
        where, header = file.where, file.header
        for keyword in ('Rows', 'Columns', 'PixelSpacing'):
            if header.get(keyword) != first.get(keyword):
                raise ValueError(
                    f'{where}: {keyword} must be that of the other slices, '
                    f'{first.get(keyword)}, but got {header.get(keyword)}.'
                )
        angle = angle_degrees(slice_normal(header), slice_normal(first))
        if angle > MAX_ANGLE_DEGREES:
            raise ValueError(
                f'{where}: ImageOrientationPatient must be that of the other '
                f'slices, but is turned by {angle:.1f} degrees.'
            )
