from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from mmuldor.cli.errors import user_errors
from mmuldor.functional.masks import rasterize
from mmuldor.functional.recist import PseudoMask, pseudo_mask_polygon
from mmuldor.io.run_length import decode_mask


def test_facts_of_a_lesion(full_place):
    report = full_place.convert()
    train = full_place.load('train')
    assert train['info']['source'] == 'DL_info.csv'
    assert train['info']['split'] == 'train'
    assert train['images'] == [
        {
            'id': 1,
            'file_name': '000001_01_01/005.png',
            'height': 48,
            'width': 64,
            'spacing_mm': [0.8, 0.8],
            'slice_interval_mm': 5.0,
            'key_slice': 5,
            'slice_range': [3, 8],
            'patient': 1,
            'window_hu': [-175.0, 275.0],
        }
    ]
    lesion = train['annotations'][0]
    # Pixels of the file minus 1; width = x2 - x1.
    assert lesion['bbox'] == [14, 21, 18, 16]
    assert lesion['area'] == 288
    assert lesion['recist_px'] == [19, 29, 27, 29, 23, 26, 23, 32]
    assert [a['noisy'] for a in train['annotations']] == [False, True]
    assert [a['id'] for a in train['annotations']] == [1, 2]
    assert [i['id'] for i in full_place.load('test')['images']] == [3]
    assert report['counts'] == {
        'rows': 4,
        'kept': {'train': 2, 'val': 1, 'test': 1},
        'images': {'train': 1, 'val': 1, 'test': 1},
        'noisy': {'train': 1, 'val': 0, 'test': 0},
        'dropped': {},
        'repaired': {},
        'notes': {},
    }
    assert report['source']['official'] is False
    assert report['source']['git_hash'] == train['info']['source_git_hash']


def test_pseudo_masks_for_other_programs(full_place):
    full_place.convert('--masks')
    for split in ('train', 'val', 'test'):
        document = full_place.load(split)
        assert document['annotations']
        for lesion in document['annotations']:
            outline = pseudo_mask_polygon(
                np.reshape(lesion['recist_px'], (4, 2))
            )
            mask = decode_mask(lesion['segmentation'])
            assert np.array_equal(mask, rasterize(outline, *mask.shape))
            assert lesion['area'] == mask.sum()


def test_pseudo_masks_are_moved_and_grown(full_place, capsys):
    full_place.convert('--masks')
    plain = full_place.load('train')['annotations']
    moved = ('--mask-grow-px', '0.6', '--mask-offset-px', '0.4', '-3')
    full_place.convert('--masks', *moved)
    drawn = PseudoMask(grow_px=0.6, offset_px=(0.4, -3))
    for lesion, before in zip(
        full_place.load('train')['annotations'], plain, strict=True
    ):
        mask = decode_mask(lesion['segmentation'])
        outline = drawn.polygon(lesion['recist_px'])
        assert np.array_equal(mask, rasterize(outline, *mask.shape))
        assert lesion['area'] > before['area']
        for key in ('bbox', 'recist_px'):
            assert lesion[key] == before[key]
    with pytest.raises(SystemExit):
        full_place.convert(*moved)
    assert 'need --masks' in capsys.readouterr().err


def test_mark_and_line_ends_change_nothing(place, rows):
    place.keep()
    plain = place.load('train')
    place.write_csv(rows, encoding='utf-8-sig')
    place.keep()
    marked = place.load('train')
    assert marked['annotations'] == plain['annotations']


def test_console_shows_the_counts(full_place, capsys):
    full_place.convert()
    captured = capsys.readouterr()
    words = captured.out.split()
    assert 'DL_info.csv: 4 rows, git hash' in captured.out
    for split, lesions in (('train', '2'), ('val', '1'), ('test', '1')):
        assert words[words.index(split) + 2] == lesions
    assert 'rows' in captured.err
    assert '100%' in captured.err


def test_the_script_ends_with_one_line_and_code_1(tmp_path, root):
    command = [
        sys.executable,
        str(root / 'data_prep' / 'deeplesion_to_coco.py'),
        '--csv',
        'no.csv',
        '--out',
        'out',
    ]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith('error: `--csv` must be an existing file')
    assert done.stderr.count('\n') == 1
    assert not list(tmp_path.iterdir())


def test_out_is_a_file(full_place):
    full_place.out.write_text('mine')
    with pytest.raises(ValueError, match='`--out` must be a folder'):
        full_place.convert()
    assert full_place.out.read_text() == 'mine'


def test_bad_flag_value(place, capsys):
    with pytest.raises(SystemExit) as caught:
        place.keep('--neighbours', '-1')
    assert caught.value.code == 2
    assert 'integer of 0 or more' in capsys.readouterr().err


def test_real_rows_without_images(real_data, tmp_path, make_workplace):
    workplace = make_workplace(tmp_path)
    workplace.csv = real_data / 'deeplesion_sample' / 'DL_info.csv'
    report = workplace.keep()
    assert report['counts'] == {
        'rows': 5983,
        'kept': {'train': 1045, 'val': 11, 'test': 4927},
        'images': {'train': 1026, 'val': 10, 'test': 4831},
        'noisy': {'train': 0, 'val': 0, 'test': 15},
        'dropped': {},
        'repaired': {},
        'notes': {
            'key_slice_at_end_of_range': 31,
            'first_diameter_is_shorter': 31,
            'short_axis_under_1_px': 3,
            'box_leaves_image': 1,
            'several_slice_intervals': 1,
        },
    }
    test = workplace.load('test')
    clean = [a for a in test['annotations'] if not a['noisy']]
    assert len(clean) == 4912
    assert len({lesion['image_id'] for lesion in clean}) == 4817


def test_real_rows_with_their_images(
    real_data, tmp_path, capsys, make_workplace
):
    workplace = make_workplace(tmp_path)
    sample = real_data / 'deeplesion_sample'
    workplace.csv, workplace.images = sample / 'DL_info.csv', sample
    with pytest.raises(SystemExit) as caught, user_errors(debug=False):
        workplace.convert()
    assert caught.value.code == 1
    assert '5835 of 5867 key slices are missing' in capsys.readouterr().err
    report = workplace.convert('--missing-images', 'skip')
    assert report['counts']['kept'] == {'train': 3, 'val': 11, 'test': 19}
    assert report['counts']['dropped'] == {'image_missing': 5950}
    assert [a['id'] for a in workplace.load('test')['annotations']][:3] == [
        1,
        2,
        3,
    ]
    whole = {'000062_01_01'}
    train = workplace.load('train')['images']
    assert {i['file_name'].partition('/')[0] for i in train} == whole
