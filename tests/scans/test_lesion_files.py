import csv
import os
from dataclasses import replace

import numpy as np
import pytest

from mmuldor.functional.masks import CroppedMask
from mmuldor.io.json_files import read_json
from mmuldor.scans.lesion_files import (
    write_lesions_csv,
    write_lesions_json,
    write_log,
)
from mmuldor.scans.lesions import SliceDetection
from mmuldor.scans.measurement import measure_lesion
from mmuldor.scans.volume import Volume

VOLUME = Volume(
    np.zeros((4, 20, 30), dtype=np.int16), np.diag([1.0, 1.0, 2.0, 1.0]), 'a'
)


def lesion(x, slices, score, masks=True):
    """4 x 3 px, 1 mm each, on slices of 2 mm."""
    mask = CroppedMask(6, x, np.ones((3, 4), dtype=bool)) if masks else None
    box = np.array([x - 0.5, 5.5, x + 3.5, 8.5])
    return measure_lesion(
        [SliceDetection(k, box, score, mask) for k in slices], VOLUME.affine
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
    # The outline runs 1/8 px inside the mask.
    assert first['long_mm'] == round(np.hypot(3.75, 2.75), 3)
    assert first['volume_ml'] == 2 * 12 * 2 / 1000
    assert len(first['recist_px']) == 8
    assert [d['slice'] for d in first['detections']] == [1, 2]
    assert second['long_mm'] is second['recist_px'] is None
    # Only DICOM has UIDs.
    assert first['tracking_uid'] is second['tracking_uid'] is None


def test_csv(lesions, tmp_path):
    facts = {'score_thr': 0.3, 'checkpoint': {'sha256': 'ab12'}}
    write_lesions_csv(tmp_path / 'l.csv', lesions, VOLUME, facts)
    with open(tmp_path / 'l.csv', newline='') as file:
        first, second = csv.DictReader(file)
    assert first['number'] == '1'
    assert first['long_mm'] == '4.65'
    assert first['slices'] == '2'
    assert second['long_mm'] == second['volume_ml'] == ''
    assert first['scan'] == second['scan'] == 'a'
    assert first['score_thr'] == '0.3'
    assert first['checkpoint_sha256'] == 'ab12'
    assert first['instance_number'] == first['series_uid'] == ''


def test_csv_of_png_slices(lesions, tmp_path):
    volume = replace(VOLUME, png_numbers=[14, 13, None, 11])
    write_lesions_csv(tmp_path / 'l.csv', lesions, volume)
    with open(tmp_path / 'l.csv', newline='') as file:
        numbers = [row['png_number'] for row in csv.DictReader(file)]
    # Key slices 1 and 2; the latter was filled in.
    assert numbers == ['13', '']


def test_log(lesions, tmp_path):
    facts = {'torch': '2.13.0', 'config': {'name': 'c.py', 'sha256': 'ab'}}
    write_log(tmp_path / 'l.log', lesions, VOLUME, ['a note'], facts)
    assert (tmp_path / 'l.log').read_text().splitlines() == [
        'scan: a',
        'grid: 30 x 20 x 4 voxels of 1 x 1 x 2 mm',
        'torch: 2.13.0',
        'config: name c.py, sha256 ab',
        'study_uid: none',
        'series_uid: none',
        'frame_of_reference_uid: none',
        'note: a note',
        'lesions: 2',
    ]


def test_a_name_that_is_no_utf8(lesions, tmp_path):
    """Readers of JSON get the name's bytes, readers of text an escape."""
    volume = replace(VOLUME, source=os.fsdecode(b'caf\xe9/scan'))
    write_lesions_json(tmp_path / 'l.json', lesions, volume)
    document = read_json(tmp_path / 'l.json')
    assert os.fsencode(document['source']) == b'caf\xe9/scan'
    write_lesions_csv(tmp_path / 'l.csv', lesions, volume)
    row = (tmp_path / 'l.csv').read_text(encoding='utf-8').splitlines()[1]
    assert row.startswith('caf\\xe9/scan,1,')
    write_log(tmp_path / 'l.log', lesions, volume, [volume.source])
    text = (tmp_path / 'l.log').read_text(encoding='utf-8')
    assert text.count('caf\\xe9/scan') == 2
