"""A CT series along any axes of the patient, as DICOM files."""

import numpy as np

from tests.support.ct_slices import ct_slice

# 21 x 33 pixels do not fill whole bytes.
ROWS, COLUMNS, SLICES = 21, 33, 6
ROW_MM, COLUMN_MM, INTERVAL = 0.8, 0.7, 2.5
TOWARDS = dict(zip('LPSRAI', [*np.eye(3), *-np.eye(3)], strict=True))
OPTIONAL = {
    'PatientID': 'P1', 'PatientName': 'A^B', 'PatientBirthDate': '19500102',
    'PatientSex': 'F', 'AccessionNumber': '7', 'StudyID': '1',
    'StudyDate': '20200102', 'StudyTime': '101112', 'SliceThickness': 3.0,
}  # fmt: skip


def write_series(folder, *, axes='LPS', numbers=range(SLICES), **changes):
    """Slices whose columns, rows and positions run to those directions."""
    folder.mkdir()
    along = [TOWARDS[letter] for letter in axes]
    spacing = np.array([COLUMN_MM, ROW_MM, INTERVAL])
    # Letters that point away from LPS start at the other end.
    size = (np.array([COLUMNS, ROWS, SLICES]) - 1) * spacing
    corner = np.array([-20.0, -30.0, 100.0])
    for axis, length in zip(along, size, strict=True):
        corner -= np.minimum(axis, 0) * length
    common = {'FrameOfReferenceUID': '1.9', **OPTIONAL, **changes}
    rng = np.random.default_rng(0)
    names = rng.permutation(SLICES)
    for number in numbers:
        place = corner + along[2] * INTERVAL * number
        elements = {
            'SeriesNumber': 4,
            'PixelSpacing': [ROW_MM, COLUMN_MM],
            'ImageOrientationPatient': [*along[0], *along[1]],
            'ImagePositionPatient': place.round(3).tolist(),
        }
        pixels = rng.integers(0, 2000, (ROWS, COLUMNS), dtype=np.uint16)
        data = ct_slice(pixels, **{**elements, **common})
        data.save_as(folder / f'{names[number]}.dcm', enforce_file_format=True)
    return folder
