"""`--folds` of all three commands that make a dataset."""

import json

import pytest

from mmuldor.io.annotations import load_annotations
from tests.data_prep.own_data.png_slices import Place, lesion_and_hu
from tests.support.masked_volumes import convert, everything, make

SPLITS = ('train', 'val', 'test')


def patients_of(folder):
    """Patients by split."""
    return {
        split: {
            image['patient']
            for image in load_annotations(folder / f'{split}.json')['images']
        }
        for split in SPLITS
    }


@pytest.fixture
def ten(place, make_row):
    """Ten patients: sizes and types come twice each, splits mislead."""
    rows = []
    for patient in range(1, 11):
        # 8 px long as it is, of 0.8 or 2 mm.
        large = patient % 2
        rows.append(
            make_row(
                patient,
                split=1,
                Spacing_mm_px_='2, 2, 5' if large else '0.8, 0.8, 5',
                Coarse_lesion_type=1 + (patient - 1) // 2,
            )
        )
    # A second lesion, a second image, both of patient 3, and a noisy one.
    rows.append(make_row(3, x=30, Spacing_mm_px_='2, 2, 5'))
    rows.append(make_row(3, key_slice=6, Spacing_mm_px_='2, 2, 5'))
    rows.append(make_row(4, x=35, Possibly_noisy=1))
    place.write_csv(rows)
    return place


def folds_of(place, number, *flags):
    """By fold, the patients of each split."""
    found = []
    for fold in range(number):
        place.keep('--folds', number, '--fold', fold, *flags)
        found.append(patients_of(place.out))
    return found


def test_deeplesion_tests_each_patient_once(ten):
    folds = folds_of(ten, 5)
    everyone = set(range(1, 11))
    for fold, splits in enumerate(folds):
        assert set.union(*splits.values()) == everyone
        assert sum(map(len, splits.values())) == 10
        # The next fold validates: its test split.
        assert splits['val'] == folds[(fold + 1) % 5]['test']
    tested = [patient for splits in folds for patient in splits['test']]
    assert sorted(tested) == sorted(everyone)


def test_deeplesion_strata(ten):
    report = ten.keep('--folds', '5', '--fold', '3')
    strata = report['folds']['strata']
    # 12 lesions; patient 3 has three, and shares its fold with nobody. The
    # noisy one counts nowhere, and its image holds another.
    assert sorted(strata['lesions']) == [2, 2, 2, 3, 3]
    assert sorted(strata['patients']) == [1, 2, 2, 2, 3]
    assert sum(strata['images']) == 11
    # Five patients with 6.4 mm, seven lesions of 16 mm in the other five.
    assert sum(strata['< 10 mm']) == 5
    assert sum(strata['10-30 mm']) == 7
    for name in ('bone', 'mediastinum', 'liver'):
        assert sorted(strata[name]) == [0, 0, 0, 1, 1]
    info = load_annotations(ten.out / 'val.json')['info']
    assert info['folds'] == {
        key: report['folds'][key]
        for key in ('count', 'fold', 'seed', 'patients_sha256')
    }
    assert (info['folds']['count'], info['folds']['fold']) == (5, 3)


def test_a_seed_draws_other_folds(ten, capsys):
    first = folds_of(ten, 3)
    assert folds_of(ten, 3, '--seed', '0') == first
    assert 'fold 2 of 3 (from 0, seed 0)' in capsys.readouterr().out
    others = [folds_of(ten, 3, '--seed', str(seed)) for seed in (1, 2, 3)]
    assert any(other != first for other in others)


def test_deeplesion_needs_no_split_column(ten, make_row):
    rows = [make_row(n, split='?') for n in range(1, 4)]
    ten.write_csv(rows)
    ten.keep('--folds', '3', '--fold', '0')
    assert [len(p) for p in patients_of(ten.out).values()] == [1, 1, 1]


@pytest.mark.parametrize(
    ('flags', 'match'),
    [
        (['--folds', '5'], r'given together, but got no `--fold`'),
        (['--fold', '0'], r'given together, but got no `--folds`'),
        (
            ['--folds', '5', '--fold', '5'],
            r'`--fold` must be from 0 to 4 with `--folds 5`, but got 5',
        ),
        (
            ['--folds', '11', '--fold', '0'],
            r'at most the number of patients with lesions, 10, but got 11',
        ),
        (
            ['--folds', '5', '--fold', '0', '--split-file', 'x.csv'],
            r'`--folds` and `--split-file` must not be given together',
        ),
    ],
)
def test_wrong_folds_of_deeplesion(ten, flags, match):
    with pytest.raises(ValueError, match=match):
        ten.keep(*flags)
    assert not ten.out.exists()


def test_two_folds_are_too_few(ten, capsys):
    with pytest.raises(SystemExit):
        ten.keep('--folds', '2', '--fold', '0')
    assert (
        '--folds: must be an integer of 3 or more' in capsys.readouterr().err
    )


@pytest.fixture
def volumes(masked_volumes):
    for name in ('four', 'five', 'six'):
        make(masked_volumes, name, [((12, 20, 3), 5, 1)])
    return masked_volumes


def test_volumes(volumes):
    tested, where, ids = [], {}, {}
    for fold in range(3):
        flags = ('--folds', 3, '--fold', fold)
        out = convert(volumes, *flags).rename(volumes / f'out{fold}')
        found = everything(out)
        for name, image in found.items():
            # An image has the same id in all folds.
            assert ids.setdefault(name, image['id']) == image['id']
            if image['split'] == 'test':
                tested.append(name)
                where[name] = fold
        document = json.loads((out / 'volumes.json').read_text())
        splits = {v['name']: v['split'] for v in document['volumes']}
        # The volume without lesions is dealt, too.
        assert splits['zero'] in SPLITS
        for name, image in found.items():
            assert splits[name.split('/')[0]] == image['split']
    assert sorted(tested) == sorted(ids)
    # One has two key slices, which stay together.
    assert where['one/005.png'] == where['one/006.png']
    report = json.loads((out / 'report.json').read_text())
    # Six volumes with lesions, seven lesions, in three folds.
    assert sum(report['folds']['strata']['lesions']) == 9
    assert report['options']['folds'] == 3


def test_volumes_want_one_way_to_split(volumes):
    flags = ('--folds', 3, '--fold', 0)
    match = r'`--folds` and `--split` must not be given together'
    with pytest.raises(ValueError, match=match):
        convert(volumes, *flags, '--split', 0.5, 0, 0.5)
    names = ('one', 'two', 'three', 'zero', 'four', 'five', 'six')
    lines = [f'{name},{name},test' for name in names]
    table = volumes / 'p.csv'
    table.write_text('\n'.join(['file,patient,split', *lines]))
    match = r'`--folds` and the column split must not be given together'
    with pytest.raises(ValueError, match=match):
        convert(volumes, *flags, '--patients', table)
    with pytest.raises(ValueError, match=r'with lesions, 6, but got 7'):
        convert(volumes, '--folds', 7, '--fold', 0)
    assert not (volumes / 'out').exists()


@pytest.fixture
def slices(tmp_path):
    """Six patients of one slice each, whose lesions differ in size."""
    place = Place(tmp_path, lesion_and_hu()[0])
    for number in range(6):
        place.image(f'p{number}/001.png')
        # 3 or 16 px wide, 2.4 or 12.8 mm.
        place.lesion(image=number, bbox=[20, 10, 3 if number % 2 else 16, 3])
    content = {'images': place.images, 'annotations': place.annotations}
    (tmp_path / 'boxes.json').write_text(json.dumps(content))
    return place


def test_slices(slices):
    tested = []
    for fold in range(3):
        documents = slices.convert_files(
            *(slices.folder / 'png', [slices.folder / 'boxes.json']),
            *('--hu-offset', -1024, '--folds', 3, '--fold', fold),
        )
        for split, document in documents.items():
            assert len(document['images']) == 2
            assert document['info']['split'] == split
            assert document['info']['folds']['fold'] == fold
            sizes = {a['bbox'][2] for a in document['annotations']}
            assert sizes == {3, 16}
        tested += [i['file_name'] for i in documents['test']['images']]
    assert sorted(tested) == [f'p{number}/001.png' for number in range(6)]


def test_three_files_have_their_splits(slices):
    files = []
    for split in range(3):
        part = {
            'images': slices.images[2 * split : 2 * split + 2],
            'annotations': slices.annotations[2 * split : 2 * split + 2],
        }
        files.append(slices.folder / f'{split}.json')
        files[-1].write_text(json.dumps(part))
    match = r'leave out `--split`, `--folds` and the column split'
    with pytest.raises(ValueError, match=match):
        slices.convert_files(
            *(slices.folder / 'png', files),
            *('--hu-offset', -1024, '--folds', 3, '--fold', 0),
        )
