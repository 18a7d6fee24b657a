"""The phantom as files: layout, figures, repeatability, bad arguments."""

from __future__ import annotations

import csv
import filecmp
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from data_prep.common.dl_info import COLUMNS
from data_prep.deeplesion_to_coco import main as convert
from data_prep.make_phantom import main
from mmuldor.io.png import read_png16
from mmuldor.io.volume_annotations import load_volumes
from mmuldor.scans.png_series import read_png_series

COMMON = ['--size', '128', '--neighbours', '1']


def run(out, *flags, seed=5):
    words = [out, *COMMON, '--seed', seed, *flags]
    main([str(word) for word in words])


@pytest.fixture(scope='module')
def phantom(tmp_path_factory):
    """12 key slices, a third of the lesions unannotated."""
    out = tmp_path_factory.mktemp('phantom') / 'set'
    flags = ['--splits', 6, 2, 4, '--unannotated', 0.34, '--workers', 1]
    run(out, *flags)
    return out


@pytest.fixture(scope='module')
def rows(phantom):
    with (phantom / 'DL_info.csv').open(encoding='utf-8') as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope='module')
def truth(phantom):
    return json.loads((phantom / 'truth.json').read_text())


def numbers(row, column):
    return np.array([float(v) for v in row[column].split(',')])


def image_name(row):
    return '{}/{}.png'.format(*row['File_name'][:-4].rsplit('_', 1))


def test_the_csv_has_deeplesions_columns_and_lines(phantom, rows):
    head = (phantom / 'DL_info.csv').read_bytes().split(b'\n')[0]
    assert head.decode() == ','.join(COLUMNS)
    assert len({row['File_name'] for row in rows}) == 12
    splits = [row['Train_Val_Test'] for row in rows]
    names = {(row['File_name'], row['Train_Val_Test']) for row in rows}
    assert [sum(s == k for _, s in names) for k in '123'] == [6, 2, 4]
    for row, split in zip(rows, splits, strict=True):
        kind = int(row['Coarse_lesion_type'])
        assert kind == -1 if split == '1' else 1 <= kind <= 8


def test_no_patient_is_in_two_splits(rows):
    pairs = {(row['Patient_index'], row['Train_Val_Test']) for row in rows}
    assert len(pairs) == len({patient for patient, _ in pairs})


def test_boxes_are_recist_extent_and_five_pixels(rows):
    for row in rows:
        points = numbers(row, 'Measurement_coordinates').reshape(4, 2)
        box = numbers(row, 'Bounding_boxes')
        np.testing.assert_allclose(points.min(0) - 5, box[:2], atol=2e-3)
        np.testing.assert_allclose(points.max(0) + 5, box[2:], atol=2e-3)
        lengths = np.linalg.norm(points[1::2] - points[::2], axis=1)
        given = numbers(row, 'Lesion_diameters_Pixel_')
        np.testing.assert_allclose(lengths, given, atol=2e-3)


def test_every_slice_of_a_range_is_a_16_bit_ct_slice(phantom, rows):
    for row in rows:
        low, high = numbers(row, 'Slice_range').astype(int)
        assert low <= int(row['Key_slice_index']) <= high
        for number in range(low, high + 1):
            folder = row['File_name'].rsplit('_', 1)[0]
            path = phantom / 'Images_png' / folder / f'{number:03d}.png'
            hu = read_png16(path, (128, 128)).astype(int) - 32768
            assert hu.min() == -1024
            assert 300 < hu.max() <= 3071


def test_a_patient_fills_the_picture_with_air_around(phantom, rows):
    image = read_png16(phantom / 'Images_png' / image_name(rows[0]))
    hu = image.astype(int) - 32768
    body = np.mean(hu > -300)
    assert 0.15 < body < 0.75
    assert -1010 < np.median(hu[2:6, 54:74]) < -985


def test_recist_lies_on_the_true_mask(rows, truth):
    measured = [entry for entry in truth['lesions'] if entry['row']]
    assert [entry['row'] for entry in measured] == list(
        range(1, len(rows) + 1)
    )
    for entry in measured:
        row = rows[entry['row'] - 1]
        assert entry['file_name'] == image_name(row)
        mask = coco_mask.decode(entry['segmentation']).astype(bool)
        assert mask.shape == (128, 128)
        assert mask.sum() == entry['area_px']
        y, x = np.nonzero(mask)
        x1, y1, width, height = entry['bbox']
        assert (x1, y1) == (x.min(), y.min())
        assert (x1 + width, y1 + height) == (x.max(), y.max())
        # Coordinates count from 1: minus 1 they are at the mask's border.
        points = numbers(row, 'Measurement_coordinates').reshape(4, 2) - 1
        gaps = np.hypot(points[:, :1] - x, points[:, 1:] - y).min(1)
        assert gaps.max() < 2.5
        assert points[:, 0].min() > x.min() - 2.5


def test_the_slices_are_volumes_with_boxes_in_space(phantom, rows, truth):
    volumes = load_volumes(phantom / 'volumes.json')
    assert [v.split for v in volumes].count('train') == 6
    assert sum(len(v.boxes_mm) for v in volumes) == len(truth['lesions'])
    for volume in volumes:
        folder, span = volume.name.rsplit('_', 1)
        low, high = map(int, span.split('-'))
        row = next(r for r in rows if r['File_name'].startswith(folder))
        spacing = numbers(row, 'Spacing_mm_px_')
        series, _ = read_png_series(
            phantom / 'Images_png' / folder, spacing, range(low, high + 1)
        )
        assert series.shape == volume.grid.shape
        # The CSV has six digits.
        np.testing.assert_allclose(
            series.affine, volume.grid.affine, rtol=1e-5
        )


def test_a_box_in_space_holds_that_of_the_key_slice(phantom, truth):
    document = json.loads((phantom / 'volumes.json').read_text())
    boxes = [
        (volume, lesion)
        for volume in document['volumes']
        for lesion in volume['lesions']
    ]
    for (volume, lesion), entry in zip(boxes, truth['lesions'], strict=True):
        x, y, width, height = entry['bbox']
        columns_mm, rows_mm, interval_mm = volume['spacing_mm']
        box = np.array(lesion['box_mm'])
        assert (box[:2] <= [x * columns_mm, y * rows_mm]).all()
        assert box[3] >= (x + width) * columns_mm
        assert box[4] >= (y + height) * rows_mm
        key_mm = lesion['key_slice'] * interval_mm
        assert box[2] < key_mm < box[5]


def test_a_share_of_the_lesions_is_unannotated(rows, truth):
    hidden = [entry for entry in truth['lesions'] if entry['row'] is None]
    assert 0.15 <= len(hidden) / len(truth['lesions']) <= 0.5
    seen = {image_name(row) for row in rows}
    assert {entry['file_name'] for entry in hidden} <= seen


def test_lesions_differ_from_confusers_in_place_and_there_are_many(truth):
    assert len(truth['confusers']) >= 4 * 12
    assert {entry['kind'] for entry in truth['confusers']} <= {
        'vessel', 'node', 'bowel', 'gas',
    }  # fmt: skip
    assert all(entry['volume_mm3'] > 50 for entry in truth['lesions'])


def test_the_same_seed_gives_the_same_bytes(phantom, tmp_path, truth):
    flags = ['--splits', 6, 2, 4, '--unannotated', 0.34, '--workers', 2]
    run(tmp_path / 'again', *flags)
    files = sorted(
        path.relative_to(phantom)
        for path in phantom.rglob('*')
        if path.is_file()
    )
    assert len(files) >= 3 + 12 * 2
    _, wrong, missing = filecmp.cmpfiles(
        phantom, tmp_path / 'again', files, shallow=False
    )
    assert (wrong, missing) == ([], [])


def test_another_seed_gives_another_set(phantom, tmp_path):
    run(tmp_path / 'other', '--images', 1, '--splits', 1, 0, 0, seed=6)
    text = (tmp_path / 'other' / 'DL_info.csv').read_bytes()
    assert text.splitlines()[1] not in (phantom / 'DL_info.csv').read_bytes()


def test_the_converter_keeps_every_row(phantom, tmp_path, rows):
    flags = ['--csv', phantom / 'DL_info.csv', '--images', phantom]
    convert([str(v) for v in (*flags, '--out', tmp_path)])
    report = json.loads((tmp_path / 'report.json').read_text())
    assert report['dropped'] == []
    documents = [
        json.loads((tmp_path / f'{split}.json').read_text())
        for split in ('train', 'val', 'test')
    ]
    found = sum(len(document['annotations']) for document in documents)
    assert found == len(rows)


def test_overwriting_needs_the_flag_and_an_older_phantom(tmp_path):
    one = ['--images', 1, '--splits', 1, 0, 0, '--workers', 1]
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'mine.txt').write_text('mine')
    with pytest.raises(FileExistsError, match='must be empty'):
        run(out, *one)
    with pytest.raises(FileExistsError, match='no phantom'):
        run(out, *one, '--overwrite')
    assert [path.name for path in out.iterdir()] == ['mine.txt']
    run(tmp_path / 'set', *one)
    before = (tmp_path / 'set' / 'DL_info.csv').read_bytes()
    with pytest.raises(FileExistsError, match='--overwrite'):
        run(tmp_path / 'set', *one)
    run(tmp_path / 'set', *one, '--overwrite', seed=8)
    assert (tmp_path / 'set' / 'DL_info.csv').read_bytes() != before
    series = {p.name for p in (tmp_path / 'set' / 'Images_png').iterdir()}
    assert series == {'000001_01_01'}
    with pytest.raises(FileExistsError, match='must be a folder'):
        run(out / 'mine.txt', *one)


@pytest.mark.parametrize(
    ('flags', 'match'),
    [
        (
            ['--size', '32'],
            r'--size: must be an integer from 64 to 1024, but got .32',
        ),
        (['--neighbours', '-1'], '--neighbours: must be'),
        (['--unannotated', '1'], '--unannotated: must be'),
        (['--workers', '0'], '--workers: must be'),
        (['--seed', '-3'], '--seed: must be'),
        (['--images', '0'], '--images: must be'),
        (['--images', '9', '--splits', '1', '2', '3'], 'add up'),
        (['--splits', '-1', '1', '1'], '0 or more'),
        (['--images', '2'], 'one in each split'),
        (['--difficulty', 'noise'], 'must be NAME=VALUE'),
        (['--difficulty', 'noise=3'], '--difficulty: .* NAME=VALUE'),
        (['--difficulty', 'noise_hu=3'], 'noise_hu must be two rising'),
        (['--difficulty', 'blur_mm=x'], 'blur_mm must be one number'),
    ],
)
def test_wrong_arguments_are_named_and_nothing_is_written(
    flags, match, tmp_path, capsys
):
    with pytest.raises(SystemExit, match='2'):
        run(tmp_path / 'out', *flags)
    assert re.search(match, capsys.readouterr().err)
    assert not (tmp_path / 'out').exists()


def test_the_script_ends_with_one_line_and_code_2(root):
    script = root / 'data_prep' / 'make_phantom.py'
    command = [sys.executable, str(script), 'out', '--size', '1']
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith('error: argument --size: must be')
    assert done.stderr.count('\n') == 1
