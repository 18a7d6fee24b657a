"""A CT series as DICOM files, and what it must be read as."""

import numpy as np

from tests.support.ct_slices import ct_slice

ROWS, COLUMNS, SLICES = 6, 8, 5
SPACING, INTERVAL = (0.8, 0.7), 2.5
AXIAL = [1, 0, 0, 0, 1, 0]


def hu_of(number):
    """A slice whose every pixel differs, on all slices."""
    pixels = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    return (pixels + 50 * number - 1000).astype(np.int16)


def write_slice(
    folder,
    number,
    uid='1.2.3',
    *,
    position=None,
    name=None,
    hu=None,
    orientation=AXIAL,
    **changes,
):
    """A valid CT slice; ``changes`` replace elements, None removes them."""
    if position is None:
        position = [-20.0, -30.0, 100 + INTERVAL * number]
    hu = hu_of(number) if hu is None else hu
    elements = {
        'SeriesInstanceUID': uid,
        'SeriesDescription': 'thorax',
        'ImageType': ['ORIGINAL', 'PRIMARY', 'AXIAL'],
        'PixelSpacing': list(SPACING),
        'SliceThickness': INTERVAL,
        'ImageOrientationPatient': orientation,
        'ImagePositionPatient': position,
        'RescaleType': 'HU',
    }
    data = ct_slice(hu + 1024, **{**elements, **changes})
    path = folder / (name or f'IM{(number * 7) % 100:03d}')
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return path


def write_series(folder, numbers=range(SLICES), **changes):
    return [write_slice(folder, number, **changes) for number in numbers]


def expected(numbers=range(SLICES)):
    return np.array([hu_of(number) for number in numbers])
