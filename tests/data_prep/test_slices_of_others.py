"""COCO files of others: categories, crowds, folders and patients."""

import json

import pytest

from mmuldor.io.annotations import load_annotations
from tests.data_prep.own_data.png_slices import Place, lesion_and_hu


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path, lesion_and_hu()[0])


def test_lesions_are_told_from_organs(place, capsys):
    place.image('b/007.png')
    place.lesion()
    place.lesion(category_id=9, bbox=[1, 1, 50, 30])
    place.lesion(iscrowd=1, bbox=[2, 2, 8, 6])
    place.lesion(category_id=9, iscrowd=1)
    names = [{'id': 3, 'name': 'lesion'}, {'id': 9, 'name': 'liver'}]
    with pytest.raises(ValueError, match=r"'liver' \(id 9\) with 2 boxes. Wh"):
        place.convert(categories=names)
    found = place.convert('--lesion-category', 'lesion', categories=names)
    assert [(a['bbox'], a['iscrowd']) for a in found['annotations']] == [
        ([19.5, 9.5, 16, 11], 0),
        ([1.5, 1.5, 8, 6], 1),
    ]
    assert {a['category_id'] for a in found['annotations']} == {1}
    report = json.loads((place.folder / 'out/report.json').read_text())
    assert report['left_out'] == {"'liver' (id 9)": 2}
    assert report['ignored_regions'] == 1
    # The counts are those of lesions.
    assert report['counts']['train']['annotations'] == 1
    said = capsys.readouterr().err
    assert "boxes of other categories: 2 'liver' (id 9)" in said
    assert '1 boxes with `iscrowd` are neither' in said


@pytest.mark.parametrize('series', ['auto', 'yes', 'no'])
def test_unrelated_images_are_no_neighbours(place, series, capsys):
    for number in (1, 2, 3):
        place.image(f'train/{number:012d}.png')
        place.lesion()
    document = place.convert('--series', series)
    ranges = [image['slice_range'] for image in document['images']]
    patients = [image['patient'] for image in document['images']]
    said = capsys.readouterr().err
    if series == 'yes':
        assert ranges == [[1, 3]] * 3
        assert patients == [1, 1, 1]
        return
    assert ranges == [[1, 1]] * 3
    assert patients == [1, 2, 3]
    assert 'each counts as a patient of its own' in said
    warned = 'train: 3 numbered images are not taken' in said
    assert warned is (series == 'auto')


@pytest.mark.parametrize('series', ['auto', 'yes'])
def test_numbers_without_a_folder(place, series, capsys):
    for number in (4, 5):
        place.image(f'{number:03d}.png')
        place.lesion()
    found = place.convert('--series', series)['images']
    names = [image['file_name'] for image in found]
    said = capsys.readouterr().err
    if series == 'yes':
        assert names == ['series/004.png', 'series/005.png']
        assert [i['slice_range'] for i in found] == [[4, 5]] * 2
        assert len({image['patient'] for image in found}) == 1
    else:
        assert names == ['004/001.png', '005/001.png']
        assert 'images without a folder: 2 numbered images are not' in said


def test_a_patient_is_never_in_two_splits(place):
    for patient in range(4):
        for number in range(3):
            place.image(f'P{patient}_{number:03d}.png')
            place.lesion()
    shares = (0.5, 0.25, 0.25)
    place.convert(split=shares)
    splits = {}
    for split in ('train', 'val', 'test'):
        document = load_annotations(place.folder / f'out/{split}.json')
        for image in document['images']:
            splits.setdefault(image['source_name'][:2], set()).add(split)
    assert len(splits) == 4
    assert all(len(found) == 1 for found in splits.values())
    (place.folder / 'out').rename(place.folder / 'first')
    with pytest.raises(ValueError, match=r'3 patients .* there is 1.*--pati'):
        place.convert('--patient-from', '^(P)', split=shares)
    with pytest.raises(ValueError, match=r'must not be given together'):
        place.convert('--patients', 'p.csv', '--patient-from', 'P')


def test_the_cases_of_others(place, real_data):
    cases = real_data / 'cases' / 'coco'
    if not cases.is_dir():
        pytest.skip(f'no such cases: {cases} is absent')
    flat = cases / 'flat-numeric'
    files = [flat / f'{split}.json' for split in ('train', 'val', 'test')]
    found = place.convert_files(flat / 'png', files)
    assert [i['slice_range'] for i in found['train']['images']] == [[1, 1]] * 3
    names = cases / 'flat-patient-slice'
    found = place.convert_files(names / 'png', [names / 'coco.json'])
    patients = [{i['patient'] for i in d['images']} for d in found.values()]
    assert sorted(map(tuple, patients)) == [(1,), (2,), (3,)]
    classes = cases / 'two-classes'
    found = place.convert_files(
        *(classes / 'png', [classes / 'coco.json']),
        *('--lesion-category', 'lesion'),
    )
    (first, crowd) = found['val']['annotations']
    assert (first['bbox'], crowd['iscrowd']) == ([39.5, 19.5, 9, 9], 1)
    assert found['val']['images'][0]['slice_range'] == [10, 12]
