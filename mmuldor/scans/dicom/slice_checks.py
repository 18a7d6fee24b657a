"""Checks that DICOM images are slices of one CT in Hounsfield units."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from mmuldor.io.limits import MAX_NUMBER, MAX_SIDE_PX, PIXEL_MM
from mmuldor.scans.dicom.geometry import (
    angle_degrees,
    direction_rounding,
    directions_are_valid,
    rounding,
    slice_directions,
)
from mmuldor.scans.dicom.headers import DicomFile
from mmuldor.scans.dicom.rescale_type import check_rescale_type

# Numeric elements that a slice must have, and their numbers of values.
_VALUE_COUNTS = {
    'RescaleSlope': 1,
    'RescaleIntercept': 1,
    'ImagePositionPatient': 3,
    'ImageOrientationPatient': 6,
    'PixelSpacing': 2,
}
# Angles between the directions of slices that are tolerated beyond rounding:
# at the edge of 500 mm, 250 mm x tan(0.2 degrees) = 0.9 mm.
_MAX_ANGLE_DEGREES = 0.2
_EXPORT = 'Export the series again with all its elements.'
_APART = 'Leave the slice out, or move the slices of each {} into a folder.'
# What tells slices of two scans apart, and what it counts.
_SCANS = {
    'TemporalPositionIndex': 'phases',
    'TemporalPositionIdentifier': 'phases',
    'KVP': 'tube voltages',
    'ConvolutionKernel': 'reconstruction kernels',
    'FrameAcquisitionNumber': 'acquisitions',
    'AcquisitionNumber': 'acquisitions',
    'SeriesNumber': 'series',
    'SliceThickness': 'slice thicknesses',
}
# What the slices of a series share, and what it counts.
_OWNERS = {
    'PatientID': 'patient',
    'StudyInstanceUID': 'study',
    # Positions of two frames have no common origin.
    'FrameOfReferenceUID': 'frame of reference',
}
# The same of slices at one position.
_DISTINCTIONS = {'StackID': 'stacks', **_SCANS, 'ImageType': 'image types'}
# One scan begins once. Where two overlap at their ends, the first goes on
# after the second has begun; more often they alternate all along.
_MAX_RUNS = 2
# Of a file that does not say it.
_NONE = 'none'
# Values of these in a message.
_MAX_LISTED = 5
# Pixel spacings are the same if no more than rounding, or this, is between.
_MAX_SPACING_SHARE = 0.01


def check_slice(file: DicomFile) -> None:
    """Raise ValueError unless the image is a slice of a CT in HU."""
    where, header = file.where, file.header
    modality = header.get('Modality', 'nothing')
    if modality != 'CT':
        raise ValueError(
            f'{where}: Modality must be CT, but got {modality}. The detector '
            'knows Hounsfield units only.'
        )
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
            raise ValueError(
                f'{where} must have {keyword}, but has none. {_EXPORT}'
            )
    _check_numbers(file)
    check_rescale_type(file)


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
                f'{str(header.get(keyword))[:80]}. {_EXPORT}'
            )
    low, high = PIXEL_MM
    if not all(low <= float(value) <= high for value in header.PixelSpacing):
        raise ValueError(
            f'{where}: PixelSpacing must be {low:g} to {high:g} mm, but got '
            f'{header.PixelSpacing}.'
        )
    if not directions_are_valid(header):
        raise ValueError(
            f'{where}: ImageOrientationPatient must be two directions at a '
            f'right angle, but got {header.ImageOrientationPatient}.'
        )


def check_same_grid(files: Sequence[DicomFile]) -> None:
    """Raise ValueError unless slices have one size, spacing and orientation.

    Each is compared with what most slices have. What is rounded differently
    is the same.
    """
    for keyword in ('Rows', 'Columns'):
        sides = Counter(file.header[keyword].value for file in files)
        ((usual, _),) = sides.most_common(1)
        for file in files:
            if file.header[keyword].value != usual:
                raise ValueError(
                    f'{file.where}: {keyword} must be that of the other '
                    f'slices, {usual}, but got {file.header[keyword].value}. '
                    + _APART.format('size')
                )
    _check_same_spacing(files)
    _check_same_directions(files)


def _check_same_spacing(files: Sequence[DicomFile]) -> None:
    spacings = np.array(
        [file.header.PixelSpacing for file in files], dtype=np.float64
    )
    halves = np.array([rounding(file.header.PixelSpacing) for file in files])
    # The median is a spacing that most slices have.
    k = int(np.argmin(np.abs(spacings - np.median(spacings, axis=0)).sum(1)))
    apart = np.abs(spacings - spacings[k])
    # 1e-9 allows for the rounding of the sums.
    same = apart <= (halves + halves[k]) * (1 + 1e-9)
    same &= apart <= _MAX_SPACING_SHARE * spacings[k]
    for file, right in zip(files, same, strict=True):
        if not right.all():
            raise ValueError(
                f'{file.where}: PixelSpacing must be that of the other '
                f'slices, {files[k].header.PixelSpacing}, but got '
                f'{file.header.PixelSpacing}. ' + _APART.format('spacing')
            )


def _check_same_directions(files: Sequence[DicomFile]) -> None:
    """Compare both directions: a slice may be turned in its own plane."""
    directions = np.array([slice_directions(file.header) for file in files])
    middle = np.median(directions, axis=0)
    usual = files[int(np.argmin(np.abs(directions - middle).sum((1, 2))))]
    columns, rows = slice_directions(usual.header)
    for file, (along_columns, along_rows) in zip(
        files, directions, strict=True
    ):
        angle = max(
            angle_degrees(along_columns, columns),
            angle_degrees(along_rows, rows),
        )
        limit = (
            _MAX_ANGLE_DEGREES
            + direction_rounding(file.header)
            + direction_rounding(usual.header)
        )
        if angle > limit:
            raise ValueError(
                f'{file.where}: ImageOrientationPatient must be that of the '
                f'other slices, {usual.header.ImageOrientationPatient}, but '
                f'is turned by {angle:.1f} degrees. Leave the slice out, or '
                'move the slices of each orientation into their own folder.'
            )


def check_one_scan(slices: Sequence[DicomFile]) -> None:
    """Raise ValueError if the slices of two scans lie between each other.

    Two phases may be reconstructed at other positions, so that together they
    look like one scan of half the interval. Slices of two patients may have
    one UID that a program gave to all of them.

    Args:
        slices: One for each position, in spatial order.
    """
    for keyword, what in _OWNERS.items():
        count = len({_text(file, keyword) for file in slices} - {_NONE})
        # A value of its own for each slice comes from a de-identification.
        if 1 < count <= len(slices) / 2:
            raise ValueError(
                f'{slices[0].path.parent} must hold the slices of one {what}, '
                f'but those of one series have {count} values of {keyword}. '
                'Move the files of each into a folder of their own.'
            )
    for keyword in _SCANS:
        values = [_text(file, keyword) for file in slices]
        stated = [value for value in values if value != _NONE]
        runs = [value for value, _ in itertools.groupby(stated)]
        if max(Counter(runs).values(), default=0) > _MAX_RUNS:
            places = [Path(file.where).name for file in slices[:_MAX_LISTED]]
            remedy = 'Move the files of one of them into a folder of their own'
            if slices[0].frame is not None:
                remedy = 'Export one of them as a series of its own'
            raise ValueError(
                f'{slices[0].path.parent} must hold the slices of one scan, '
                f'but those of {distinction(slices, (keyword,))} lie between '
                f'each other: {"; ".join(places)}; ... {remedy}.'
            )


def distinction(
    files: Sequence[DicomFile], keywords: Iterable[str] = _DISTINCTIONS
) -> str:
    """What tells files apart, as '2 phases (TemporalPositionIndex 1, 2)'.

    Returns:
        By the first of the keywords that does; '' if none does.
    """
    for keyword in keywords:
        values = list(dict.fromkeys(_text(file, keyword) for file in files))
        if len(values) > 1:
            listed = ', '.join(value[:40] for value in values[:_MAX_LISTED])
            what = _DISTINCTIONS[keyword]
            return f'{len(values)} {what} ({keyword} {listed})'
    return ''


def _text(file: DicomFile, keyword: str) -> str:
    """Value of an element that need not be valid."""
    # pydicom decodes here, and raises any exception for damaged values.
    try:
        value = file.header.get(keyword)
        if isinstance(value, int):
            return f'{int(value)}'
        # 5.0, 5.00 and 5.0001 are one.
        if isinstance(value, float):
            return f'{float(value):.4g}'
        return str(value or _NONE).strip()
    except Exception:
        return _NONE
