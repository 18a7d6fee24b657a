"""Patients by folders and names."""

import pytest

from data_prep.own_data.patient_names import (
    ADVICE,
    guess_patients,
    guess_volume_patients,
    patients_by_pattern,
)


def guessed(*names, unrelated=()):
    found, notes = guess_patients(list(names), unrelated=unrelated)
    assert list(found) == list(names)
    return list(found.values()), notes


@pytest.mark.parametrize(
    ('names', 'patients'),
    [
        (['P0_000', 'P0_001', 'P1_000'], ['P0', 'P0', 'P1']),
        (['p12s3', 'p12s4', 'p13s3'], ['p12', 'p12', 'p13']),
        (['a-slice1', 'a-slice2', 'b-z1'], ['a', 'a', 'b']),
        (['train/P0_1', 'val/P0_2', 'val/P1_1'], ['P0', 'P0', 'P1']),
        (
            ['000001_01_01_109', '000001_02_01_003', '000002_01_01_004'],
            ['000001', '000001', '000002'],
        ),
        (['000001_01_01/109', '000001_02_01/3', '000002_01_01/4'],
         ['000001', '000001', '000002']),
        (['png/A/s1/1', 'png/A/s2/1', 'png/B/s1/1'], ['A', 'A', 'B']),
        (['train/A/1', 'train/A/2', 'test/B/1'], ['A', 'A', 'B']),
    ],
)  # fmt: skip
def test_folders_and_beginnings_of_names_are_patients(names, patients):
    assert guessed(*names)[0] == patients


def test_a_beginning_that_all_share_says_nothing():
    names = ['img_001', 'img_002', 'img_003']
    found, (note,) = guessed(*names)
    assert found == names
    assert 'the patient of 3 images is not known' in note
    assert '--patient-from' in note


def test_what_is_read_from_names_is_said():
    _, (note,) = guessed('P0_000', 'P0_001', 'P1_000')
    assert note.startswith(
        '2 patients are read from the beginning of 3 names (P0 from P0_000)'
    )


def test_folders_without_meaning():
    names = ['mixed/1', 'mixed/2', 'A/1']
    found, (note,) = guessed(*names, unrelated=['mixed/1', 'mixed/2'])
    assert found == ['mixed/1', 'mixed/2', 'A']
    assert 'the patient of 2 images is not known' in note


def test_the_slices_of_a_lone_series_are_one_patient():
    names = ['png/scan/1', 'png/scan/2']
    assert guessed(*names)[0] == names
    found, notes = guess_patients(names, series=names)
    assert (set(found.values()), notes) == ({'png/scan'}, [])


def test_series_of_one_patient_are_suspected():
    _, (note,) = guessed('P0_1/1', 'P0_2/1', 'P1_1/1', 'P1_2/1')
    assert 'folders such as P0_1 and P0_2 look like series of one' in note
    # Numbered patients of one study look the same all over.
    assert guessed('case_1/1', 'case_2/1', 'case_3/1')[1] == []
    found, (note,) = guess_volume_patients(['P0_a1', 'P0_a2', 'Q_1', 'Q_2'])
    assert found['P0_a1'] == 'P0_a1'
    assert 'volumes such as P0_a1 and P0_a2' in note
    names = ['000001_01_01_103-115', '000001_02_01_001-009']
    assert set(guess_volume_patients(names)[0].values()) == {'000001'}


def test_patients_in_several_folders_of_batches_are_suspected():
    found, (note,) = guessed('b1/P0_000', 'b2/P0_002', 'b2/P1_000')
    assert found == ['b1', 'b2', 'b2']
    assert note.startswith(
        'names that begin with P0 count as several patients, such as b1 and b2'
    )
    assert ADVICE in note
    # Few patients in many batches, and all of them in each.
    batches = [f'b{k}/P{k // 3}_{k:03d}' for k in range(10)]
    assert 'this kind: 3.' in guessed(*batches)[1][0]
    mixed = [f'b{k}/P{n}_{k}' for k in range(3) for n in range(5)]
    assert 'this kind: 5.' in guessed(*mixed)[1][0]
    studies = [
        'b1/000001_01_01_109',
        'b2/000001_02_01_003',
        'b2/000002_01_01_1',
    ]
    assert 'with 000001 count' in guessed(*studies)[1][0]
    # One of them without a folder.
    lone = ['P0_000', 'Q_000', 'b1/P0_001', 'b1/P2_001']
    assert 'such as P0 and b1,' in guessed(*lone)[1][-1]


@pytest.mark.parametrize(
    'names',
    [
        ['A/CT_001', 'A/CT_002', 'B/CT_001', 'C/CT_001'],
        ['A/1', 'A/2', 'B/1'],
        ['A/A_1', 'A/A_2', 'B/B_1'],
        [f'{p}/{s}_1' for p in 'ABC' for s in ('axial', 'coronal')],
        [f'{p}/phase{s}_1' for p in 'ABC' for s in (1, 2)],
        [f'{p}/{"IM" if p < "F" else "slice"}_1' for p in 'ABCDEFGHI'],
        [*(f'{p}/CT_{k}' for p in 'AB' for k in range(20)), 'A/scout_1'],
        ['000001_01_01/000001_01_01_1', '000001_02_01/000001_02_01_3',
         '000002_02_01/000002_02_01_3'],
    ],
)  # fmt: skip
def test_words_before_numbers_are_not_suspected(names):
    assert guessed(*names)[1] == []


def test_a_pattern():
    names = ['a/P0_000', 'b/P11_3']
    for pattern in ('(P[0-9]+)_', 'P[0-9]+', '/(?P<patient>P[0-9]+)(_)'):
        found = patients_by_pattern(pattern, names)
        assert list(found.values()) == ['P0', 'P11']


@pytest.mark.parametrize(
    ('pattern', 'match'),
    [
        ('(', r"`--patient-from` must be a regular expression, but got '\('"),
        ('P0', r"'P0' does not in 1 of 2, for example 'b/P11_3'"),
        ('(x*)P', r'does not in 2 of 2'),
    ],
)
def test_a_pattern_that_does_not_fit(pattern, match):
    with pytest.raises(ValueError, match=match):
        patients_by_pattern(pattern, ['a/P0_000', 'b/P11_3'])
