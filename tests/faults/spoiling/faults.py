"""Ways to spoil files: tables of faults, by kind of file.

`all_faults()` gives `Fault(kind, name, spoil, field)`: `spoil` turns a good
file's bytes into bad ones, `field` is what the message must name besides the
file.
"""

import zlib

import numpy as np

from tests.faults.spoiling import good
from tests.faults.spoiling.csv_faults import faults_of_csv, faults_of_yolo
from tests.faults.spoiling.dicom_faults import (
    faults_of_dicom,
    faults_of_enhanced_dicom,
)
from tests.faults.spoiling.fault import Fault
from tests.faults.spoiling.image_faults import faults_of_nifti, faults_of_png
from tests.faults.spoiling.json_faults import faults_of_json


def all_faults():
    """Every fault of every kind of file."""
    return [
        *_of_bytes(),
        *faults_of_json(),
        *faults_of_csv(),
        *faults_of_yolo(),
        *faults_of_png(),
        *faults_of_nifti(),
        *faults_of_dicom(),
        *faults_of_enhanced_dicom(),
    ]


# What happens to any file: name, bytes.
BYTES = {
    'empty': lambda data: b'',
    'half': lambda data: data[: len(data) // 2],
    'zeros': lambda data: bytes(len(data)),
    'noise': lambda data: np.random.default_rng(0).bytes(len(data)),
    'an error page': lambda data: b'<!doctype html><h1>404</h1>\n' * 9,
    'zipped': lambda data: zlib.compress(data),
}

# A series leaves out what is no DICOM, and says so; no line, no detection.
LEFT_OUT = {('yolo', 'empty'), *(('dicom', n) for n in BYTES if n != 'half')}


def _of_bytes():
    for kind in good.SUFFIXES:
        for name, spoil in BYTES.items():
            if (kind, name) not in LEFT_OUT:
                yield Fault(kind, name, spoil)
