"""Frames of enhanced CT images as slices.

An enhanced CT image holds many slices in one file (DICOM PS3.3, A.38, and
A.70 of legacy converted ones). What differs from slice to slice lies in the
functional groups of a frame, the rest in shared groups. Each frame becomes a
header as a file of this slice alone would have, so that everything else knows
slices only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from mmuldor.io.limits import MAX_FRAMES
from mmuldor.scans.dicom.geometry import image_position
from mmuldor.scans.dicom.headers import DicomFile
from mmuldor.scans.dicom.slice_checks import distinction

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_PER_FRAME = 'PerFrameFunctionalGroupsSequence'
_SHARED = 'SharedFunctionalGroupsSequence'
# Functional groups (DICOM PS3.3, C.7.6.16.2 and C.8.15.3) and what a slice
# needs of them.
_GROUPS = {
    'PixelMeasuresSequence': ('PixelSpacing', 'SliceThickness'),
    'PlanePositionSequence': ('ImagePositionPatient',),
    'PlaneOrientationSequence': ('ImageOrientationPatient',),
    'PixelValueTransformationSequence': (
        *('RescaleIntercept', 'RescaleSlope', 'RescaleType'),
    ),
    'FrameContentSequence': (
        *('StackID', 'TemporalPositionIndex', 'FrameAcquisitionNumber'),
    ),
    'CTImageFrameTypeSequence': ('FrameType',),
    'CTXRayDetailsSequence': ('KVP',),
    'CTReconstructionSequence': ('ConvolutionKernel',),
}
# Positions in mm that differ by less are one.
_SAME_MM = 1e-3


def frames_of(files: Sequence[DicomFile]) -> list[DicomFile]:
    """The slices in the files of a series.

    Args:
        files: Files with any number of frames. Copies of an enhanced image
            are not left out: whether one is a copy, positions and pixels
            say, not its SOPInstanceUID, which a program that removes
            identities may have made that of another file.

    Returns:
        Files of one slice as they are, and the frames of all others.

    Raises:
        ValueError: If functional groups are missing or cannot be read.
    """
    slices: list[DicomFile] = []
    for file in files:
        slices += _frames(file) if _PER_FRAME in file.header else [file]
    return slices


def _frames(file: DicomFile) -> Iterator[DicomFile]:
    """The frames of an enhanced image in the order of the file."""
    path, header = file.path, file.header
    try:
        count = int(header.get('NumberOfFrames') or 0)
        if count < 1:
            raise ValueError('NumberOfFrames is not 1 or more')
        if count > MAX_FRAMES:
            raise ValueError(
                f'NumberOfFrames is {count}, more than {MAX_FRAMES:,}'
            )
        groups = header[_PER_FRAME].value
        shared = (header.get(_SHARED) or [{}])[0]
        if len(groups) != count:
            raise ValueError(
                f'{_PER_FRAME} has {len(groups)} items, but NumberOfFrames is '
                f'{count}'
            )
        base = header[:]
        for keyword in (_PER_FRAME, _SHARED, 'NumberOfFrames'):
            if keyword in base:
                del base[keyword]
        for number, group in enumerate(groups, start=1):
            frame = _frame_header(base, shared, group, number)
            yield DicomFile(path, frame, number)
    # pydicom raises any exception for damaged files.
    except Exception as error:
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise ValueError(
            f'{path} must be a whole enhanced image, but: {reason}.'
        ) from error


def _frame_header(
    base: Dataset, shared: Dataset, group: Dataset, number: int
) -> Dataset:
    """Header of a frame as of a file of its own.

    ReferencedFrameNumber is that of the frame.
    """
    # Elements are added, never changed, since all copies share them.
    frame = base[:]
    for name, keywords in _GROUPS.items():
        for items in (shared.get(name), group.get(name)):
            for keyword in keywords if items else ():
                if keyword in items[0]:
                    frame.add(items[0][keyword])
    if 'FrameType' in frame:
        frame.add_new('ImageType', 'CS', frame.FrameType)
    frame.add_new('ReferencedFrameNumber', 'IS', number)
    return frame


def check_one_stack(slices: Sequence[DicomFile]) -> None:
    """Raise ValueError if the frames of a file are several stacks of slices.

    Those of different files may be copies or parts of one stack: positions
    and pixels, which the reader compares, say whether they are.

    Args:
        slices: Slices of a series, whose positions are valid.
    """
    by_place: dict[tuple[int, ...], list[DicomFile]] = {}
    by_path: dict[Path, list[DicomFile]] = {}
    for file in slices:
        if file.frame is not None:
            place = np.rint(image_position(file.header) / _SAME_MM)
            key = tuple(place.astype(np.int64).tolist())
            by_place.setdefault(key, []).append(file)
            by_path.setdefault(file.path, []).append(file)
    for at_place in by_place.values():
        paths = Counter(file.path for file in at_place)
        path = max(paths, key=paths.__getitem__)
        if paths[path] > 1:
            _refuse([file for file in at_place if file.path == path])
    # Copies and parts of one stack may call it by another name.
    for frames in by_path.values():
        stacks = {str(file.header.get('StackID', '')) for file in frames}
        if 1 < len(stacks) <= len(frames) // 2:
            _refuse(frames)


def _refuse(frames: Sequence[DicomFile]) -> NoReturn:
    """Raise ValueError that names what distinguishes these frames."""
    found = distinction(frames)
    if found:
        raise ValueError(
            f'{frames[0].path} must hold one stack of slices, but has '
            f'{found}. Export one of them as a series of its own.'
        )
    raise ValueError(
        f'{frames[0].where} and {frames[1].where} must be different slices, '
        'but lie at the same position. Export one of several stacks as a '
        'series of its own.'
    )
