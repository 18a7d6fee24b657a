"""The segments of a DICOM Segmentation that a report refers to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# As `mmuldor.scans.dicom.segmentation` writes it.
_TRACKING_ID = re.compile(r'Lesion ([0-9]+)')


@dataclass(frozen=True, eq=False)
class Segment:
    """A lesion in a Segmentation.

    Attributes:
        header: The Segmentation, without its pixels.
        number: Of the segment.
        frames: Numbers of the source frames it lies on, by SOPInstanceUID of
            the source image; none for an image of one frame.
    """

    header: Dataset
    number: int
    frames: dict[str, list[int]] = field(default_factory=dict)


def read_segments(path: str | os.PathLike[str]) -> dict[int, Segment]:
    """The segments of ``lesions.dcm`` by the number of the lesion.

    Args:
        path: File to read.

    Returns:
        Empty if there is no such file.
    """
    if not Path(path).is_file():
        return {}
    import pydicom

    header = pydicom.dcmread(path, stop_before_pixels=True)
    by_number = {
        int(item.SegmentNumber): Segment(header, int(item.SegmentNumber))
        for item in header.SegmentSequence
    }
    for number, uid, frame in _source_frames(header):
        frames = by_number[number].frames.setdefault(uid, [])
        if frame is not None:
            frames.append(frame)
    found = {}
    for item in header.SegmentSequence:
        name = _TRACKING_ID.fullmatch(str(item.get('TrackingID', '')))
        if name:
            found[int(name[1])] = by_number[int(item.SegmentNumber)]
    return found


def _source_frames(header: Dataset) -> Iterator[tuple[int, str, int | None]]:
    """Segment, source image and source frame of each frame."""
    for group in header.PerFrameFunctionalGroupsSequence:
        (segment,) = group.SegmentIdentificationSequence
        image = group.DerivationImageSequence[0].SourceImageSequence[0]
        frame = image.get('ReferencedFrameNumber')
        yield (
            int(segment.ReferencedSegmentNumber),
            str(image.ReferencedSOPInstanceUID),
            None if frame is None else int(frame),
        )
