import json
import os

import cv2
import numpy as np
import pytest

from data_prep.common.dl_info import git_hash
from data_prep.verify_deeplesion import main
from mmuldor.io.png import write_png16

VERIFY = 'data_prep.deeplesion.verification.verify'


def test_a_complete_download(here, capsys):
    report = here.verify_zips()
    assert report['complete']
    assert report['counts'] == {
        'series': {'requested': 3, 'missing': 0, 'damaged': 0},
        'key_slices': {'requested': 3, 'missing': 0, 'damaged': 0},
        'neighbours': {'requested': 15, 'missing': 0, 'damaged': 0},
    }
    assert report['csv']['rows'] == 4
    assert not report['csv']['official']
    out = capsys.readouterr().out
    assert '2 of 2 zip parts are whole' in out
    assert '18 files opened' in out


def test_missing_slices_by_series_and_part(here, capsys):
    for number in range(3, 9):
        here.png(3, number).unlink()
    here.png(1, 5).unlink()
    here.png(1, 8).unlink()
    report = here.verify_zips()
    assert report['missing'] == {
        '000001_01_01': {
            'key_slices': '5',
            'neighbours': '8',
            'zip_parts': '1',
        },
        '000003_01_01': {
            'key_slices': '5',
            'neighbours': '3-4, 6-8',
            'zip_parts': '2',
        },
    }
    assert report['counts']['series']['missing'] == 1
    out = capsys.readouterr().out
    assert 'missing: 2 slices of 1 series: 000001_01_01. Unpack ' in out
    assert '6 slices of 1 series, 1 of which have none: 000003_01_01' in out
    below = here.images.parent
    assert f'Unpack {here.zips / "Images_png_02.zip"} below {below}.' in out
    # Neither the key slice nor its direct neighbour asks for slice 8.
    report = here.verify('--neighbours', 1)
    assert report['missing']['000001_01_01']['neighbours'] == ''


def damage_tail(path):
    path.write_bytes(path.read_bytes()[:-1])


def damage_size(path):
    write_png16(path, np.zeros((64, 48), np.uint16))


def damage_depth(path):
    cv2.imwrite(str(path), np.zeros((48, 64), np.uint8))


@pytest.mark.parametrize(
    ('damage', 'problem'),
    [
        (damage_tail, 'must be a complete PNG, but it is truncated'),
        (damage_size, 'must be 48 high and 64 wide, but it is 64 high'),
        (damage_depth, 'must be a 16-bit grey PNG, but it is 8-bit grey'),
        (lambda path: path.write_bytes(b''), 'but it is empty'),
    ],
)
@pytest.mark.parametrize('number', [5, 7])
def test_damaged_slices_are_found_again_and_again(
    here, number, damage, problem, capsys
):
    whole = here.png(2, number).read_bytes()
    damage(here.png(2, number))
    for _ in range(2):
        report = here.verify_zips()
        (found,) = report['damaged']['000002_01_01'].values()
        assert problem in found
        out = capsys.readouterr().out
        assert '1 slices are unfit: ' in out
        assert 'They lie in zip part 01.' in out
    here.png(2, number).write_bytes(whole)
    assert here.verify_zips()['complete']


def test_only_new_and_changed_files_are_opened(here, capsys):
    here.verify()
    capsys.readouterr()
    assert here.verify()['complete']
    assert '0 files opened, 18 known to be whole' in capsys.readouterr().out
    os.utime(here.png(1, 5), (0, 0))
    damage_tail(here.png(1, 6))
    report = here.verify()
    assert list(report['damaged']['000001_01_01']) == ['6']
    assert '2 files opened' in capsys.readouterr().out


def test_another_csv_asks_for_another_size(here, make_row, place):
    here.verify()
    place.write_csv([make_row(1, Image_size='48, 48')])
    report = here.verify()
    assert len(report['damaged']['000001_01_01']) == 6


def test_a_stopped_run_goes_on(here, capsys, monkeypatch):
    from data_prep.deeplesion.verification import slice_checks as on_disk

    def stopped(path, shape, check=on_disk.check_png16):
        if '000003' in str(path):
            raise KeyboardInterrupt
        return check(path, shape)

    with monkeypatch.context() as patch:
        patch.setattr(on_disk, 'check_png16', stopped)
        with pytest.raises(KeyboardInterrupt):
            here.verify()
    here.verify()
    assert '6 files opened' in capsys.readouterr().out


def test_the_images_of_annotation_files_alone(here, place):
    place.convert()
    for number in range(3, 9):
        here.png(3, number).unlink()
    assert not here.verify()['complete']
    train = place.out / 'train.json'
    report = here.verify('--annotations', train)
    assert report['complete']
    assert report['counts']['key_slices']['requested'] == 1
    assert not here.verify('--annotations', train, place.out / 'test.json')[
        'complete'
    ]


def test_annotations_of_another_csv(here, place, make_row):
    place.convert()
    place.write_csv([make_row(2)])
    with pytest.raises(ValueError, match=r'lacks 1: 000001_01_01/005\.png'):
        here.verify('--annotations', place.out / 'train.json')


def test_rows_that_say_nothing(here, place, rows, make_row, capsys):
    bad = [
        make_row(4, Spacing_mm_px_='0.8'),
        make_row(5, Slice_range='0, 99999999'),
    ]
    place.write_csv([*rows, *bad])
    report = here.verify()
    assert len(report['csv']['unreadable']) == 2
    assert (
        'row 6 on line 7: Slice_range must be less than 10000'
        in (report['csv']['unreadable'][1])
    )
    assert '2 rows of the CSV cannot be read' in capsys.readouterr().out


def test_a_csv_without_rows_is_not_complete(here, place, capsys):
    place.write_csv([])
    report = here.verify_zips()
    assert not report['complete']
    assert report['csv']['rows'] == 0
    out = capsys.readouterr().out
    assert 'The CSV has no rows, so nothing could be checked.' in out
    assert 'NOT complete' in out


def test_a_csv_shorter_than_the_release_is_told(here, capsys, monkeypatch):
    told = 'The CSV has 4 rows, fewer than the 32,735 of the release'
    assert here.verify()['complete']
    assert told in capsys.readouterr().out
    digest = git_hash(here.csv.read_bytes())
    monkeypatch.setattr(f'{VERIFY}.OFFICIAL_GIT_HASH', digest)
    here.verify()
    assert told not in capsys.readouterr().out


def test_wrong_arguments(here, tmp_path):
    with pytest.raises(ValueError, match='`--out` must be a folder'):
        here.verify(out=here.csv)
    for name, found in (('nowhere', 'no folder'), ('.', 'has none of them')):
        with pytest.raises(FileNotFoundError, match=f'`--zips` .*{found}'):
            here.verify('--zips', tmp_path / name)
    for flags in (['--parts', 57], ['--workers', 0], ['--neighbours', -1]):
        with pytest.raises(SystemExit, match='2'):
            here.verify(*flags)
    (tmp_path / 'out').mkdir(exist_ok=True)
    (tmp_path / 'out/verified.json').write_text('[]')
    with pytest.raises(ValueError, match=r'verified\.json must be what an'):
        here.verify()


def test_the_real_sample(real_data, tmp_path):
    sample = real_data / 'deeplesion_sample'
    words = ['--csv', sample / 'DL_info.csv', '--images', sample]
    assert main([str(word) for word in (*words, '--out', tmp_path)]) == 1
    report = json.loads((tmp_path / 'verify.json').read_text())
    assert report['csv']['rows'] == 5983
    assert report['csv']['unreadable'] == []
    assert report['damaged'] == {}
    # The README of the sample: 32 images are there.
    keys = report['counts']['key_slices']
    assert keys['requested'] - keys['missing'] == 32
    assert '000062_01_01' not in report['missing']
