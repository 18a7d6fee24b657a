"""Patients and splits of own data."""

import json

import pytest

from data_prep.own_data.patients import draw_splits, read_patients
from tests.support.masked_volumes import convert, everything


@pytest.fixture
def place(masked_volumes):
    return masked_volumes


def write_table(place, text):
    (place / 'p.csv').write_text(text)
    return '--patients', place / 'p.csv'


def test_patients_stay_together(place):
    flags = write_table(
        place,
        'file,patient\none.nii.gz,Bo\ntwo,Al\nthree,Bo\nzero,Cy\n',
    )
    out = convert(place, *flags, '--split', 0.5, 0, 0.5)
    found = everything(out)
    assert found['one/005.png']['patient'] == 2
    splits = {name: image['split'] for name, image in found.items()}
    assert splits['one/005.png'] == splits['three/009.png']
    assert splits['two/004.png'] != splits['three/009.png']


def test_patients_from_names(place):
    shares = ('--split', 0.5, 0, 0.5)
    found = everything(convert(place, '--patient-from', '^.', *shares))
    # one, two, three: the last two begin with a t.
    splits = {name: image['split'] for name, image in found.items()}
    assert splits['two/004.png'] == splits['three/009.png']
    assert splits['one/005.png'] != splits['two/004.png']
    report = json.loads((place / 'out' / 'report.json').read_text())
    assert report['options']['patient_from'] == '^.'


def test_own_splits(place):
    flags = write_table(
        place,
        'file, patient, split\none,1,test\ntwo,2,test\nthree,3,val\n'
        'zero,4,train\n',
    )
    splits = {
        n: i['split'] for n, i in everything(convert(place, *flags)).items()
    }
    assert splits == {
        'one/005.png': 'test', 'one/006.png': 'test',
        'two/004.png': 'test', 'three/009.png': 'val',
    }  # fmt: skip


@pytest.mark.parametrize(
    ('text', 'match'),
    [
        ('file,who\n', r'p\.csv line 1 must name the columns file, patient'),
        ('file,patient\nfour,1\n', r'p\.csv line 2: `file` must be one of'),
        ('file,patient\none,1\none,1\n', r'line 3: .one. comes twice'),
        ('file,patient\none,\n', r'line 2: `patient` must not be empty'),
        ('file,patient\none,1\n', r'lacks 3: three, two, zero'),
        ('file,patient,split\none,1,dev\n', r"line 2: `split`.*got 'dev'"),
        (
            'file,patient,split\none,1,val\ntwo,1,test\n',
            r"line 3: patient '1' must be in one split, but is in val and",
        ),
    ],
)
def test_wrong_tables(place, text, match):
    with pytest.raises(ValueError, match=match):
        convert(place, *write_table(place, text))
    assert not (place / 'out').exists()


def test_draws_are_seeded_and_whole():
    names = [f'p{k}' for k in range(20)]
    first = draw_splits(names, ['x', 'y'], (0.7, 0.15, 0.15), 1)
    again = draw_splits(names[::-1], ['y', 'x'], (0.7, 0.15, 0.15), 1)
    assert first == again
    assert first != draw_splits(names, ['x', 'y'], (0.7, 0.15, 0.15), 2)
    dealt = [first[name] for name in names]
    assert [dealt.count(s) for s in ('train', 'val', 'test')] == [14, 3, 3]
    assert set(first) == {*names, 'x', 'y'}


def test_volumes_of_nnunet_go_by_their_masks(tmp_path):
    table = 'file,patient\nL_1_0000.nii.gz,Al\nL_2,Bo\nL_3_0000,Cy\n'
    (tmp_path / 'p.csv').write_text(table)
    # One whose mask ends like that, too.
    found = read_patients(tmp_path / 'p.csv', ['L_1', 'L_2', 'L_3_0000'])
    assert found.of_file == {'L_1': 'Al', 'L_2': 'Bo', 'L_3_0000': 'Cy'}
