"""A small DL_info.csv with images, and runs of the converter on it."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest

from data_prep.common.dl_info import COLUMNS
from data_prep.deeplesion_to_coco import main
from mmuldor.io.annotations import load_annotations
from mmuldor.io.png import write_png16
from tests.support.downloads import Download
from tests.support.masked_volumes import make


def _make_row(patient=1, key_slice=5, x=20, split=1, **fields) -> list[str]:
    """A lesion of 8 x 6 px at (x, 30) of a 64 x 48 image, pixels from 1."""
    values = {
        'File_name': f'{patient:06d}_01_01_{key_slice:03d}.png',
        'Patient_index': patient,
        'Study_index': 1,
        'Series_ID': 1,
        'Key_slice_index': key_slice,
        'Measurement_coordinates': f'{x}, 30, {x + 8}, 30, '
        f'{x + 4}, 27, {x + 4}, 33',
        'Bounding_boxes': f'{x - 5}, 22, {x + 13}, 38',
        'Lesion_diameters_Pixel_': '8, 6',
        'Normalized_lesion_location': '0.5, 0.5, 0.5',
        'Coarse_lesion_type': -1,
        'Possibly_noisy': 0,
        'Slice_range': '3, 8',
        'Spacing_mm_px_': '0.8, 0.8, 5',
        'Image_size': '64, 48',
        'DICOM_windows': '-175, 275',
        'Patient_gender': 'F',
        'Patient_age': 62,
        'Train_Val_Test': split,
    }
    assert fields.keys() <= values.keys()
    return [str(value) for value in {**values, **fields}.values()]


class _Workplace:
    """A CSV, its images and a run of the converter."""

    def __init__(self, folder: Path) -> None:
        self.csv = folder / 'DL_info.csv'
        self.images = folder / 'Images_png'
        self.out = folder / 'out'

    def write_csv(self, rows, encoding='utf-8') -> None:
        stream = io.StringIO()
        csv.writer(stream).writerows([COLUMNS, *rows])
        self.csv.write_bytes(stream.getvalue().encode(encoding))

    def write_images(self, rows, neighbours=(4, 6)) -> None:
        for row in rows:
            series, key_slice = row[0][:12], int(row[0][13:16])
            for number in {key_slice, *neighbours}:
                write_png16(
                    self.images / series / f'{number:03d}.png',
                    np.zeros((48, 64), np.uint16),
                )

    def convert(self, *flags, images=None) -> dict:
        images = self.images if images is None else images
        command = ['--csv', self.csv, '--images', images, '--out', self.out]
        main([str(word) for word in (*command, *flags)])
        return self.report()

    def keep(self, *flags) -> dict:
        """A run without images."""
        command = ['--csv', self.csv, '--out', self.out, *flags]
        command += ['--missing-images', 'keep']
        main([str(word) for word in command])
        return self.report()

    def report(self) -> dict:
        return json.loads((self.out / 'report.json').read_text())

    def load(self, split: str) -> dict:
        return load_annotations(self.out / f'{split}.json')

    @staticmethod
    def only(report: dict, name: str) -> dict:
        """The one entry of a list of the report."""
        (entry,) = report[name]
        return entry

    def fails(self, error, match, *flags, **options) -> None:
        """Nothing may be written and nothing that was there be changed."""
        self.out.mkdir(exist_ok=True)
        (self.out / 'train.json').write_text('old')
        with pytest.raises(error, match=match):
            self.convert(*flags, **options)
        assert os.listdir(self.out) == ['train.json']
        assert (self.out / 'train.json').read_text() == 'old'


@pytest.fixture(scope='session')
def make_row():
    return _make_row


@pytest.fixture(scope='session')
def make_workplace():
    return _Workplace


@pytest.fixture(scope='session')
def rows():
    """Three patients, one for each split; the first has two lesions."""
    return [
        _make_row(1, x=20),
        _make_row(1, x=30, Possibly_noisy=1),
        _make_row(2, split=2),
        _make_row(3, split=3),
    ]


@pytest.fixture
def place(tmp_path, rows):
    """Rows without images."""
    workplace = _Workplace(tmp_path)
    workplace.write_csv(rows)
    return workplace


@pytest.fixture
def full_place(place, rows):
    """Rows with their images."""
    place.write_images(rows)
    return place


@pytest.fixture
def masked_volumes(tmp_path):
    """Four volumes; the first has two lesions and the last has none."""
    make(tmp_path, 'one', [((10, 10, 3), 4, 1), ((30, 20, 4), 6, 1)])
    make(tmp_path, 'two', [((20, 12, 5), 5, 3)], codes='SLP')
    make(tmp_path, 'three', [((12, 20, 0), 5, 1)], codes='PIR')
    make(tmp_path, 'zero', [])
    return tmp_path


@pytest.fixture
def here(place, rows):
    """A complete download of the rows."""
    return Download(place, rows)
