"""Slices of CT series as DICOM datasets."""

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def ct_slice(stored, **elements):
    """A valid axial CT slice.

    Args:
        stored: HU + 1024, (rows, columns).
        elements: By keyword, in place of the usual ones or beside them; None
            leaves one out.
    """
    stored = np.asarray(stored).astype(np.uint16)
    rows, columns = stored.shape
    usual = {
        'SOPClassUID': CTImageStorage,
        'SOPInstanceUID': generate_uid(),
        'StudyInstanceUID': '1.2',
        'SeriesInstanceUID': '1.2.3',
        'Modality': 'CT',
        'Rows': rows,
        'Columns': columns,
        'ImageOrientationPatient': [1, 0, 0, 0, 1, 0],
        'RescaleSlope': 1,
        'RescaleIntercept': -1024,
        'SamplesPerPixel': 1,
        'PhotometricInterpretation': 'MONOCHROME2',
        **{'BitsAllocated': 16, 'BitsStored': 16, 'HighBit': 15},
        'PixelRepresentation': 0,
        'PixelData': stored.tobytes() + b'\x00' * (stored.nbytes % 2),
    }
    data = Dataset()
    for keyword, value in {**usual, **elements}.items():
        if value is not None:
            setattr(data, keyword, value)
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = CTImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return data
