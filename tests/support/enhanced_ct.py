"""Enhanced CT images: many slices in one DICOM file."""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedCTImageStorage

from tests.support.ct_slices import ct_slice
from tests.support.dicom_series import INTERVAL, SPACING, hu_of

AXIAL = [1, 0, 0, 0, 1, 0]


def item(**elements):
    """A sequence of one item."""
    data = Dataset()
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    return [data]


def frame(number, *, stored=None, slope=1, intercept=-1024, **groups):
    """Pixels and functional groups of a slice.

    Args:
        number: Of the slice from below, as of `write_slice`.
        stored: Values as stored; None: those of `hu_of`.
        slope: Of the rescale.
        intercept: Of the rescale.
        groups: Functional groups beside the usual ones; None leaves one out.
    """
    if stored is None:
        stored = (hu_of(number) - intercept) / slope
    usual = {
        'FrameContentSequence': item(StackID='1', InStackPositionNumber=1),
        'PlanePositionSequence': item(
            ImagePositionPatient=[-20.0, -30.0, 100 + INTERVAL * number]
        ),
        'PixelValueTransformationSequence': item(
            RescaleIntercept=intercept, RescaleSlope=slope, RescaleType='HU'
        ),
    }
    group = Dataset()
    for keyword, value in {**usual, **groups}.items():
        if value is not None:
            setattr(group, keyword, value)
    return np.asarray(stored, dtype=np.uint16), group


def enhanced_ct(frames, **changes):
    """An enhanced CT image of these frames; ``changes`` as of `ct_slice`."""
    shared = Dataset()
    shared.PixelMeasuresSequence = item(
        PixelSpacing=list(SPACING), SliceThickness=INTERVAL
    )
    shared.PlaneOrientationSequence = item(ImageOrientationPatient=AXIAL)
    shared.CTImageFrameTypeSequence = item(
        FrameType=['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE']
    )
    elements = {
        'SOPClassUID': EnhancedCTImageStorage,
        'ImageType': ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE'],
        'FrameOfReferenceUID': '1.9',
        **dict.fromkeys(
            ['ImageOrientationPatient', 'RescaleSlope', 'RescaleIntercept']
        ),
        'NumberOfFrames': len(frames),
        'PixelData': b''.join(stored.tobytes() for stored, _ in frames),
        'SharedFunctionalGroupsSequence': [shared],
        'PerFrameFunctionalGroupsSequence': [group for _, group in frames],
    }
    data = ct_slice(frames[0][0], **{**elements, **changes})
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    return data


def write_enhanced(path, frames, **changes):
    """Write an enhanced CT image to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    enhanced_ct(frames, **changes).save_as(path, enforce_file_format=True)
    return path
