"""Small series of the phantom as DICOM, good ones and bad ones."""

import itertools

import numpy as np

from data_prep.phantom.dataset import make_dataset
from data_prep.phantom.settings import Settings
from mmuldor.io.png import read_png16
from tests.support.ct_slices import ct_slice
from tests.support.pacs.fake_server import encoded

SIDE, SLICES = 128, 6
PATIENT = 'Smith^John'
# 128 pixels of 2.8 mm show a whole body.
SPACING_MM, INTERVAL_MM = 2.8, 5.0


def volumes(folder, count):
    """HU of series of the phantom, (slices, rows, columns) each."""
    # Some patients have two key slices in one series.
    make_dataset(folder, (2 * count, 0, 0), 3, Settings(size=SIDE))
    for series in sorted((folder / 'Images_png').iterdir()):
        paths = sorted(series.iterdir())[:SLICES]
        if len(paths) == SLICES:
            yield np.stack(
                [read_png16(path).astype(np.int32) - 32768 for path in paths]
            )


def files_of(hu, uid, **changes):
    """The slices of a series, as bytes of files."""
    for number, pixels in enumerate(hu):
        elements = {
            'SOPInstanceUID': f'{uid}.{number + 1}',
            'SeriesInstanceUID': uid,
            'StudyInstanceUID': f'{uid}.0',
            'FrameOfReferenceUID': f'{uid}.9',
            'PatientName': PATIENT,
            'PatientID': uid,
            'StudyDate': '20200102',
            'StudyTime': '101112',
            'SeriesNumber': 2,
            'InstanceNumber': number + 1,
            'ImageType': ['ORIGINAL', 'PRIMARY', 'AXIAL'],
            'PixelSpacing': [SPACING_MM] * 2,
            'SliceThickness': INTERVAL_MM,
            # DeepLesion's first slice is the highest.
            'ImagePositionPatient': [0, 0, 500 - INTERVAL_MM * number],
        }
        data = ct_slice(pixels + 1024, **{**elements, **changes})
        yield encoded(data)


def good_and_bad(folder, count):
    """Files of each series by UID: `count` good ones, three bad ones."""
    hu = list(itertools.islice(volumes(folder, count), count))
    assert len(hu) == count
    good = {
        f'1.2.3.{number}': list(files_of(pixels, f'1.2.3.{number}'))
        for number, pixels in enumerate(hu, start=1)
    }
    bad = {
        # Scout views.
        '1.2.4.1': files_of(
            hu[0][:2], '1.2.4.1', ImageType=['DERIVED', 'X', 'LOCALIZER']
        ),
        # All slices at one place.
        '1.2.4.2': files_of(
            hu[0], '1.2.4.2', ImagePositionPatient=[0, 0, 500]
        ),
        # Not in HU.
        '1.2.4.3': files_of(hu[0], '1.2.4.3', RescaleSlope=None),
    }
    return good, {uid: list(files) for uid, files in bad.items()}
