from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ('name', 'text'),
    [
        ('split.csv', 'patient,split\n1,test\n3,train\n\n'),
        ('split.csv', '1, test\r\n3, train'),
        ('split.json', '{"1": "test", "3": "train"}'),
        (
            'split.json',
            '{"000001_01_01_005.png": "test", "000003_01_01/005.png":"train"}',
        ),
    ],
)
def test_own_split(name, text, place, tmp_path):
    path = tmp_path / name
    path.write_text(text)
    report = place.keep('--split-file', path)
    assert report['counts']['kept'] == {'train': 1, 'val': 0, 'test': 2}
    assert place.only(report, 'dropped')['reason'] == 'not_in_split_file'
    assert place.load('test')['annotations'][0]['id'] == 1


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', r'split\.csv must name patients'),
        ('1,train,x', 'line 1 must be key,split'),
        ('1,training', "must be one of train, val, test, but got 'training'"),
        ('1,train\n1,val', "'1' must have one split"),
        ('1,train\n99,val', 'every patient must occur.*1 do not: 99'),
        ('1,train\nbob,val', "but got '1'"),
        ('bob,val', "key must be a patient number.*got 'bob'"),
        ('000009_01_01_005.png,val', 'every image must occur in the CSV'),
    ],
)
def test_own_split_with_mistakes(text, message, full_place, tmp_path):
    path = tmp_path / 'split.csv'
    path.write_text(text)
    full_place.fails(ValueError, message, '--split-file', path)


def test_own_split_missing(full_place):
    full_place.fails(
        FileNotFoundError, '`--split-file` must be', '--split-file', 'no.csv'
    )


def test_own_split_replaces_the_column(place, tmp_path, make_row):
    (tmp_path / 's.json').write_text('{"4": "val"}')
    place.write_csv([make_row(4, split='none')])
    counts = place.keep('--split-file', tmp_path / 's.json')['counts']
    assert counts['kept'] == {'train': 0, 'val': 1, 'test': 0}
