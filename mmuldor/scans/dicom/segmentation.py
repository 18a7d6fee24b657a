"""The lesions of a DICOM series as a DICOM Segmentation object.

One binary segment a lesion, in the rows, columns and places of the slices
that the scanner made, so that every frame lies pixel on pixel on its source
image whichever way the volume was turned about to be read (DICOM PS3.3,
A.51). Masks keep their pixels where lesions overlap. highdicom writes what
describes the object; the frames are set here, one lesion at a time, because
it wants all lesions on all slices in one array.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmuldor import __version__
from mmuldor.io.json_files import replacing
from mmuldor.scans.dicom.segmentation_frames import (
    Frames,
    SourceSlices,
    read_source_slices,
)
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.volume import Volume

# That of masks in the pictures.
_COLOR = '#4aa8ff'


def write_dicom_seg(
    path: str | os.PathLike, lesions: Sequence[Lesion], volume: Volume
) -> list[str]:
    """Write the masks of the lesions, "Lesion 1" being the first.

    Args:
        path: File to write. An older one goes where there is nothing to
            write, so that it cannot be taken for this scan's.
        lesions: The lesions; those without a mask have no segment.
        volume: The scan they were found in, with its ``dicom_files``.

    Returns:
        What there is to say, one sentence each: why nothing was written, and
        what was left out. Slices that were filled in have no image, and so
        no frame.

    Raises:
        OSError: If a file of the series can no longer be read.
    """
    path = Path(path)
    try:
        source = read_source_slices(_files_for(lesions, volume))
        frames, numbers, notes = _frames(lesions, volume, source)
        seg = _checked_object(source, numbers)
    except ValueError as reason:
        path.unlink(missing_ok=True)
        return [f'{path.name} was not written: {reason}']
    frames.put_into(seg)
    with replacing(path) as temporary:
        seg.save_as(temporary, enforce_file_format=True)
    return [f'{path.name} {note}' for note in notes]


def _files_for(
    lesions: Sequence[Lesion], volume: Volume
) -> Sequence[Path | None]:
    """The files to refer to; ValueError where there is no mask at all."""
    found = [d for lesion in lesions for d in lesion.detections]
    if all(detection.mask is None for detection in found):
        raise ValueError('no lesion has a mask')
    return volume.dicom_files


def _frames(
    lesions: Sequence[Lesion], volume: Volume, source: SourceSlices
) -> tuple[Frames, list[int], list[str]]:
    """The frames, the lesion number of each segment, and what is left out."""
    turn = np.linalg.inv(source.affine) @ volume.affine
    real = {p for p, h in enumerate(source.headers) if h is not None}
    frames, numbers, lost = Frames(source), [], 0
    for number, lesion in enumerate(lesions, start=1):
        masks = _masks(lesion, source, turn)
        there = {p: m for p, m in masks.items() if p in real}
        lost += len(masks) - len(there)
        if there:
            numbers.append(number)
        for plane, mask in there.items():
            frames.add(len(numbers), plane, mask)
    if not numbers:
        raise ValueError('all masks lie on slices that were filled in')
    notes = [f'leaves out {lost} masks on filled-in slices'] if lost else []
    return frames, numbers, notes


def _masks(
    lesion: Lesion, source: SourceSlices, turn: np.ndarray
) -> dict[int, np.ndarray]:
    """Masks of a lesion by source slice, in its rows and columns."""
    voxels = [np.empty((0, 3))]
    for found in lesion.detections:
        if found.mask is not None:
            rows, columns = found.mask.pixels()
            slices = np.full(len(rows), found.slice_index)
            voxels.append(np.stack([columns, rows, slices], axis=1))
    turned = np.concatenate(voxels) @ turn[:3, :3].T + turn[:3, 3]
    columns, rows, planes = np.rint(turned).astype(int).T
    masks = {}
    for plane in np.unique(planes).tolist():
        here = planes == plane
        masks[plane] = np.zeros(source.shape, dtype=bool)
        masks[plane][rows[here], columns[here]] = True
    return masks


def _checked_object(source: SourceSlices, numbers: Sequence[int]):
    """The object; ValueError where headers hold what DICOM does not allow."""
    try:
        return _object(source, numbers)
    except (AttributeError, TypeError, ValueError) as error:
        reason = str(error).split('\n')[0]
        raise ValueError(
            f'the headers of the series are not valid: {reason}'
        ) from error


def _object(source: SourceSlices, numbers: Sequence[int]):
    """The segmentation, its frames to be set."""
    import highdicom as hd

    headers = [header for header in source.headers if header is not None]
    seg = hd.seg.Segmentation(
        source_images=headers,
        pixel_array=np.zeros((1, *source.shape), dtype=np.uint8),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _description(segment, number)
            for segment, number in enumerate(numbers, start=1)
        ],
        series_instance_uid=hd.UID(),
        series_number=int(headers[0].get('SeriesNumber') or 0) + 1000,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer='mmuldor',
        manufacturer_model_name='mmuldor',
        software_versions=__version__,
        device_serial_number=__version__,
        content_label='LESIONS',
        content_description='Detected lesions. Not a medical device.',
        series_description='Lesions found by mmuldor',
        plane_positions=[
            hd.PlanePositionSequence(
                hd.CoordinateSystemNames.PATIENT,
                headers[0].ImagePositionPatient,
            )
        ],
        omit_empty_frames=False,
    )
    # Must be there; no person made it.
    seg.ContentCreatorName = ''
    return seg


def _description(segment: int, number: int):
    import highdicom as hd
    from pydicom.sr.codedict import codes

    altered = hd.sr.CodedConcept(
        '49755003', 'SCT', 'Morphologically Altered Structure'
    )
    return hd.seg.SegmentDescription(
        segment_number=segment,
        segment_label=f'Lesion {number}',
        segmented_property_category=altered,
        segmented_property_type=codes.SCT.Lesion,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name='mmuldor',
            family=codes.DCM.ArtificialIntelligence,
            version=__version__,
        ),
        tracking_id=f'Lesion {number}',
        tracking_uid=hd.UID(),
        display_color=hd.color.CIELabColor.from_string(_COLOR),
    )
