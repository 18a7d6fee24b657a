"""All outputs of a detector whose masks have pieces and holes agree.

What a mask is, is decided where it leaves the model: its largest piece, holes
filled. Here the model's masks are given, and every file is read.
"""

import csv
import json
import re

import highdicom as hd
import nibabel
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import PathPatch

from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.functional.masks import crop_mask, rasterize
from mmuldor.scans.lesion_figure import lesion_figure
from mmuldor.scans.measurement import measure_slice
from mmuldor.scans.outputs import write_outputs
from mmuldor.scans.reading import read_scan
from mmuldor.visualization.marks import MASK
from tests.apis.test_lesion_detector import fake
from tests.support.dicom_series import INTERVAL, SPACING, write_slice
from tests.support.small_configs import narrow_mask_rcnn, save_untrained

SIDE, SLICES = 64, 8
ROW_MM, COLUMN_MM = SPACING
# 0.8 x 0.7 x 2.5 mm.
VOXEL_ML = 0.0014
# 20 x 10 px. Without column 25 it is a piece of 15 x 10 and one of 4 x 10 px;
# the hole of 2 x 2 px is filled.
BOX = [10.0, 20.0, 30.0, 30.0]
PIECE = np.zeros((SIDE, SIDE), dtype=bool)
PIECE[20:30, 10:25] = True
# 12 x 10 px, of which 5 x 8 px lie in the piece above.
OTHER = [20.0, 22.0, 32.0, 32.0]
OTHER_PIECE = np.zeros((SIDE, SIDE), dtype=bool)
OTHER_PIECE[22:32, 20:32] = True


def holes_and_pieces(mask):
    """Change the first mask as said above; the second one stays whole."""
    if mask[20, 10]:
        mask[:, 25] = False
        mask[24:26, 14:16] = False


def soft_tissue_in_air():
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE // 2
    return np.where(x**2 + y**2 < 28**2, 40 + x, -1000).astype(np.int16)


@pytest.fixture(scope='module')
def detector(tmp_path_factory):
    config = narrow_mask_rcnn()
    checkpoint = tmp_path_factory.mktemp('weights') / 'w.pth'
    return LesionDetector(
        config, save_untrained(config, checkpoint), 'cpu', 0.0
    )


@pytest.fixture
def found_in(detector, monkeypatch, tmp_path):
    """Detects given masks in a series and writes all outputs."""

    def found(by_slice, numbers=range(SLICES), **options):
        for number in numbers:
            write_slice(
                tmp_path / 'ct',
                number,
                hu=soft_tissue_in_air(),
                FrameOfReferenceUID='1.9',
            )
        volume, _ = read_scan(tmp_path / 'ct')
        fake(detector, monkeypatch, by_slice, holes_and_pieces)
        lesions = detector.detect(volume, **options)
        out = tmp_path / 'out'
        notes = write_outputs(out, lesions, volume)
        return Outputs(out, lesions, volume, notes)

    return found


class Outputs:
    """What each file of a scan says of its lesions."""

    def __init__(self, out, lesions, volume, notes):
        self.lesions, self.volume, self.notes = lesions, volume, notes
        document = json.loads((out / 'lesions.json').read_text())
        self.json = document['lesions']
        with open(out / 'lesions.csv', newline='') as file:
            self.csv = list(csv.DictReader(file))
        labels = np.asarray(nibabel.load(out / 'labels.nii.gz').dataobj)
        self.labels = [
            int((labels == number + 1).sum()) for number in range(len(lesions))
        ]
        page = (out / 'report.html').read_text()
        data = re.search(r'<script[^>]*id="data"[^>]*>(.*?)</script>', page)
        rows = json.loads(data[1])['lesions']
        self.page = [mark for row in rows for mark in row['marks']]
        seg = hd.seg.segread(out / 'lesions.dcm')
        cube = seg.get_volume(combine_segments=False)
        # (segments, slices, rows, columns), the highest slice first.
        self.segments = np.moveaxis(cube.array > 0, -1, 0)[:, ::-1]
        assert cube.affine[2, 0] == -INTERVAL
        top = round((cube.affine[2, 3] - 100) / INTERVAL)
        self.first_slice = top - cube.array.shape[0] + 1
        self.pictures = sorted(path.name for path in out.glob('*.png'))

    def volumes_ml(self):
        """By the file that states them."""
        return {
            'json': [lesion['volume_ml'] for lesion in self.json],
            'csv': [float(row['volume_ml']) for row in self.csv],
            'page': [lesion['volume_ml'] for lesion in self.page],
            'python': [lesion.volume_ml for lesion in self.lesions],
        }

    def check_volumes(self, voxels):
        expected = [count * VOXEL_ML for count in voxels]
        for name, found in self.volumes_ml().items():
            # The CSV has two decimals.
            tolerance = 0.005 if name == 'csv' else 0.00005
            assert found == pytest.approx(expected, abs=tolerance), name

    def check_key_slices(self, pieces):
        """Diameters and outlines are those of the pieces, (rows, columns)."""
        for row, piece in enumerate(pieces):
            measured = measure_slice(crop_mask(piece), (COLUMN_MM, ROW_MM))
            for name in ('long_mm', 'short_mm'):
                expected = getattr(measured, name)
                for found in (self.json[row], self.page[row]):
                    assert found[name] == pytest.approx(expected, abs=0.001)
                stated = float(self.csv[row][name])
                assert stated == pytest.approx(expected, abs=0.005)
            ends = measured.recist_px.reshape(-1)
            for name, found in (
                ('recist_px', self.json[row]),
                ('recist', self.page[row]),
            ):
                assert found[name] == pytest.approx(ends, abs=0.01)
            for outline in self.outlines_of(row):
                assert (rasterize(outline, SIDE, SIDE) == piece).all()

    def outlines_of(self, row):
        """Outlines on the key slice: of the page, then of the picture."""
        lesion = self.page[row]
        (drawn,) = (
            found['outline']
            for found in lesion['detections']
            if found['slice'] == lesion['slice']
        )
        yield np.reshape(drawn, (-1, 2))
        figure = lesion_figure(self.lesions[row], self.volume, row + 1)
        (patch,) = (
            patch
            for ax in figure.axes
            for patch in ax.get_children()
            if isinstance(patch, PathPatch)
            and patch.get_facecolor() == to_rgba(MASK, 0.25)
        )
        yield patch.get_path().vertices[:-1]


def test_the_numbers_of_one_lesion(found_in):
    outputs = found_in({2: [(BOX, 0.5)], 3: [(BOX, 0.9)]})
    assert outputs.notes == []
    # Two slices of 15 x 10 px: 0.42 ml.
    assert outputs.labels == [300]
    assert outputs.segments.sum(axis=(1, 2, 3)).tolist() == [300]
    outputs.check_volumes([300])
    assert outputs.volumes_ml()['json'] == [0.42]
    outputs.check_key_slices([PIECE])
    # The outline runs 1/8 px inside: a rectangle of 14.75 x 9.75 px.
    diagonal = np.hypot(14.75 * COLUMN_MM, 9.75 * ROW_MM)
    assert outputs.json[0]['long_mm'] == pytest.approx(diagonal, abs=0.001)
    assert outputs.first_slice == 2
    for mask in outputs.segments[0]:
        assert (mask == PIECE).all()
    assert outputs.pictures == ['lesion_001.png']


def test_lesions_that_overlap(found_in):
    """Labels hold one number a voxel, all else has the lesions whole."""
    both = [(BOX, 0.9), (OTHER, 0.8)]
    outputs = found_in({3: both, 4: [(box, s / 2) for box, s in both]})
    assert outputs.notes == []
    # 15 x 10 px and 12 x 10 px on two slices.
    outputs.check_volumes([300, 240])
    outputs.check_key_slices([PIECE, OTHER_PIECE])
    assert outputs.segments.sum(axis=(1, 2, 3)).tolist() == [300, 240]
    # Voxels of both, 5 x 8 px of a slice, have the higher score's number.
    assert (PIECE & OTHER_PIECE).sum() == 40
    assert outputs.labels == [300, 160]


def test_a_lesion_on_a_filled_in_slice(found_in):
    there = [k for k in range(SLICES) if k != 3]
    by_slice = {k: [(BOX, 0.9 - k / 100)] for k in (2, 3, 4)}
    outputs = found_in(by_slice, there)
    # All but the Segmentation, which refers to slices of the scanner.
    assert outputs.notes == [
        'lesions.dcm leaves out 1 masks on filled-in slices'
    ]
    outputs.check_volumes([450])
    assert outputs.labels == [450]
    assert outputs.segments.sum(axis=(1, 2, 3)).tolist() == [300]
    outputs.check_key_slices([PIECE])


def test_masks_that_are_repeated(found_in):
    """One slice in 5 mm: slices 0, 2, 4 and 6 stand for two slices each."""
    by_slice = {k: [(BOX, 0.9 - k / 100)] for k in range(2, 6)}
    outputs = found_in(by_slice, step_mm=5.0)
    assert outputs.notes == []
    slices = sorted(d['slice'] for d in outputs.json[0]['detections'])
    assert slices == [2, 3, 4, 5]
    outputs.check_volumes([600])
    assert outputs.labels == [600]
    assert outputs.segments.sum(axis=(1, 2, 3)).tolist() == [600]
    outputs.check_key_slices([PIECE])
    for mask in outputs.segments[0]:
        assert (mask == PIECE).all()


def test_each_slice_has_its_own_piece(found_in):
    """On one slice the mask is whole, on the next it has pieces."""
    outputs = found_in({3: [(BOX, 0.9)], 4: [([10.0, 21, 30, 31], 0.5)]})
    # 15 x 10 px; 20 x 10 px, since row 20 is not in it.
    outputs.check_volumes([350])
    assert outputs.labels == [350]
    assert outputs.segments.sum(axis=(2, 3)).tolist() == [[150, 200]]
