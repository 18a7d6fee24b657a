import csv

import numpy as np
import pytest

from mmuldor.io.json_files import read_json
from mmuldor.scans.label_map import label_volume
from mmuldor.scans.lesion_files import write_lesions_csv, write_lesions_json
from mmuldor.scans.lesions import SliceDetection
from mmuldor.scans.measurement import measure_lesion
from mmuldor.scans.volume import Volume

VOLUME = Volume(
    np.zeros((4, 20, 30), dtype=np.int16), np.diag([1.0, 1.0, 2.0, 1.0]), 'a'
)


def lesion(x, slices, score, masks=True):
    corners = [[x, 5], [x + 4, 5], [x + 4, 8], [x, 8]]
    outline = np.array(corners, dtype=float) if masks else None
    box = np.array([x, 5.0, x + 4.0, 8.0])
    return measure_lesion(
        [
            SliceDetection(k, box, score, outline, 20 if masks else 0)
            for k in slices
        ],
        VOLUME.affine,
    )


@pytest.fixture
def lesions():
    return [lesion(3, (1, 2), 0.9), lesion(6, (2,), 0.6, masks=False)]


def test_json(lesions, tmp_path):
    write_lesions_json(tmp_path / 'l.json', lesions, VOLUME, ['a note'])
    document = read_json(tmp_path / 'l.json')
    assert document['spacing_mm'] == [1, 1, 2]
    assert document['shape'] == [4, 20, 30]
    assert document['affine_lps'] == VOLUME.affine.tolist()
    assert document['notes'] == ['a note']
    first, second = document['lesions']
    assert (first['number'], first['score'], first['key_slice']) == (1, 0.9, 1)
    assert first['long_mm'] == 5
    assert first['volume_ml'] == pytest.approx(0.08)
    assert len(first['recist_px']) == 8
    assert [d['slice'] for d in first['detections']] == [1, 2]
    assert second['long_mm'] is second['recist_px'] is None


def test_csv(lesions, tmp_path):
    write_lesions_csv(tmp_path / 'l.csv', lesions)
    with open(tmp_path / 'l.csv', newline='') as file:
        first, second = csv.DictReader(file)
    assert first['number'] == '1'
    assert first['long_mm'] == '5.00'
    assert first['slices'] == '2'
    assert second['long_mm'] == second['volume_ml'] == ''


def test_labels_show_the_surer_one_on_top():
    both = [lesion(3, (1, 2), 0.9), lesion(6, (2,), 0.6)]
    labels = label_volume(both, VOLUME)
    assert labels.dtype == np.uint16
    assert sorted(np.unique(labels)) == [0, 1, 2]
    assert not labels[[0, 3]].any()
    # Columns 6 and 7 are in both.
    assert labels[2, 6, 6] == 1
    assert labels[2, 6, 9] == 2
    assert (labels[1] == (labels[2] == 1)).all()
