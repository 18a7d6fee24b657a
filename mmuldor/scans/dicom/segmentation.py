"""The lesions of a DICOM series as a DICOM Segmentation object.

Each lesion is a binary segment on the original slices of the scanner: every
frame has the pixel grid of its source image, even if the volume was reoriented
for reading (DICOM PS3.3, A.51). Segments may overlap. highdicom writes the
metadata. The frames are set here, lesion by lesion, because highdicom needs
all lesions on all slices in one dense array.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmuldor import __version__
from mmuldor.functional.arrays import Bools, Floats, Numbers
from mmuldor.io.json_files import replacing
from mmuldor.scans.dicom.report.tracking import tracking_uids
from mmuldor.scans.dicom.segmentation_frames import (
    SegmentFrames,
    SourceSlices,
    source_slices,
)
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.provenance import series_uids
from mmuldor.scans.straight_grid import LEFT_OUT_BESIDE
from mmuldor.scans.volume import Volume

if TYPE_CHECKING:
    from highdicom.seg import Segmentation, SegmentDescription
    from pydicom.dataset import Dataset

# The colour of masks in the figures.
_COLOR = '#4aa8ff'


def write_segmentation(
    path: str | os.PathLike[str], lesions: Sequence[Lesion], volume: Volume
) -> list[str]:
    """Write the masks of the lesions; the first is "Lesion 1".

    Args:
        path: File to write. If nothing can be written, an existing file is
            removed, since it belongs to another run.
        lesions: The lesions; those without a mask have no segment.
        volume: The scan, with its ``dicom_headers``.

    Returns:
        Notes on why nothing was written or on what was left out.
        Interpolated slices have no source image, and therefore no frame.
    """
    path = Path(path)
    try:
        _check_masks(lesions)
        source, notes = source_slices(volume.dicom_headers)
        frames, numbers, left_out = _segment_frames(lesions, volume, source)
        notes += left_out
        uids = tracking_uids(
            series_uids(volume)['series_uid'],
            [lesion.center_lps_mm for lesion in lesions],
        )
        segmentation = _checked_object(
            source, {number: uids[number - 1] for number in numbers}
        )
    except ValueError as reason:
        path.unlink(missing_ok=True)
        return [f'{path.name} was not written: {reason}']
    frames.write_into(segmentation)
    with replacing(path) as temporary:
        segmentation.save_as(temporary, enforce_file_format=True)
    return [f'{path.name} {note}' for note in notes]


def _check_masks(lesions: Sequence[Lesion]) -> None:
    """Raise ValueError if no lesion has a mask."""
    detections = [d for lesion in lesions for d in lesion.detections]
    if all(detection.mask is None for detection in detections):
        raise ValueError('no lesion has a mask')


def _segment_frames(
    lesions: Sequence[Lesion], volume: Volume, source: SourceSlices
) -> tuple[SegmentFrames, list[int], list[str]]:
    """The frames, the lesion number of each segment, and notes."""
    to_source = np.linalg.inv(source.affine) @ volume.affine
    scanned = set(source.present)
    frames, numbers, left_out = SegmentFrames(source), [], 0
    beside = 0
    for number, lesion in enumerate(lesions, start=1):
        masks, pixels = _source_masks(lesion, source.shape, to_source)
        beside += pixels
        kept = {k: mask for k, mask in masks.items() if k in scanned}
        left_out += len(masks) - len(kept)
        if kept:
            numbers.append(number)
        for plane, mask in kept.items():
            frames.add(len(numbers), plane, mask)
    if not numbers:
        where = 'on slices that were filled in'
        if beside and not left_out:
            where = 'in the air that was added'
        raise ValueError(f'all masks lie {where}')
    notes = []
    if left_out:
        notes.append(f'leaves out {left_out} masks on filled-in slices')
    if beside:
        notes.append(LEFT_OUT_BESIDE.format(beside))
    if source.slanted:
        notes.append(
            'lies on the slices of a tilted gantry, which dcmqi and 3D Slicer '
            'take as straight: use labels.nii.gz there'
        )
    return frames, numbers, notes


def _source_masks(
    lesion: Lesion, shape: tuple[int, int], to_source: Floats
) -> tuple[dict[int, Bools], int]:
    """Masks (rows, columns) of a lesion by index of the source slice.

    Where slices were moved in their plane, a mask goes to the nearest pixels.
    The part of a pixel is the same for a whole slice, so the mask keeps its
    form. What lies beside the source image is left out.

    Args:
        lesion: The lesion.
        shape: Rows and columns of a source slice.
        to_source: (4, 4), maps (column, row, slice) indices of the volume to
            those of the source slices.

    Returns:
        The masks, and the number of pixels that were left out.
    """
    voxels: list[Numbers] = [np.empty((0, 3))]
    for detection in lesion.detections:
        if detection.mask is not None:
            rows, columns = detection.mask.pixels()
            slices = np.full(len(rows), detection.slice_index)
            voxels.append(np.stack([columns, rows, slices], axis=1))
    indices = np.concatenate(voxels) @ to_source[:3, :3].T + to_source[:3, 3]
    # Not `rint`, which takes 0.5 to 0 and 1.5 to 2, and so tears masks; 1e-6
    # keeps halves on one side.
    nearest = np.floor(indices + 0.5 + 1e-6).astype(int)
    columns, rows, planes = nearest.T
    inside = (rows >= 0) & (rows < shape[0])
    inside &= (columns >= 0) & (columns < shape[1])
    masks: dict[int, Bools] = {}
    for plane in np.unique(planes[inside]).tolist():
        there = inside & (planes == plane)
        masks[plane] = np.zeros(shape, dtype=bool)
        masks[plane][rows[there], columns[there]] = True
    return masks, int((~inside).sum())


def _checked_object(
    source: SourceSlices, uids: Mapping[int, str | None]
) -> Segmentation:
    """The object; ValueError if headers violate the DICOM standard."""
    try:
        with warnings.catch_warnings():
            # highdicom warns of names without a comma or caret.
            warnings.simplefilter('ignore')
            return _object(source, uids)
    except (AttributeError, TypeError, ValueError) as error:
        reason = str(error).split('\n')[0]
        raise ValueError(
            f'the headers of the series are not valid: {reason}'
        ) from error


def _object(
    source: SourceSlices, uids: Mapping[int, str | None]
) -> Segmentation:
    """The segmentation object, without its frames.

    Args:
        source: The slices.
        uids: Tracking UID by number of the lesion, in the order of segments.
    """
    import highdicom as hd

    headers = source.files
    segmentation = hd.seg.Segmentation(
        source_images=headers,
        pixel_array=np.zeros((1, *source.shape), dtype=np.uint8),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _description(segment, number, uid)
            for segment, (number, uid) in enumerate(uids.items(), start=1)
        ],
        **own_series(headers[0], 1000),
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
    # The element is required (type 2), and no person created the content.
    segmentation.ContentCreatorName = ''
    return segmentation


def own_series(header: Dataset, offset: int) -> dict[str, Any]:
    """Keywords of highdicom: a new object, alone in a series, and its maker.

    Args:
        header: Of a slice of the source.
        offset: From the source's SeriesNumber, which has 32 bits.
    """
    import highdicom as hd

    number = max(int(header.get('SeriesNumber') or 0), 0)
    return {
        'series_instance_uid': hd.UID(),
        'series_number': offset + number % 2_000_000_000,
        'sop_instance_uid': hd.UID(),
        'instance_number': 1,
        'manufacturer': 'mmuldor',
        'manufacturer_model_name': 'mmuldor',
        'software_versions': __version__,
        'device_serial_number': __version__,
    }


def _description(
    segment: int, number: int, uid: str | None
) -> SegmentDescription:
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
        tracking_uid=uid,
        display_color=hd.color.CIELabColor.from_string(_COLOR),
    )
