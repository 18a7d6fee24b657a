"""Whether image ids of results are ours or numbers in file names."""

import pytest

from mmuldor.evaluation.conversion.convert import Convention, convert_results
from mmuldor.evaluation.ground_truth import load_ground_truth
from mmuldor.evaluation.image_ids import (
    are_ambiguous,
    are_file_numbers,
    check_image_ids,
    numbers_of_names,
)
from mmuldor.evaluation.results import load_detections
from mmuldor.evaluation.runs import load_runs
from mmuldor.io.json_files import write_json

# 3 and 1 are ids and numbers, 4 is an id alone, 109 a number alone.
NAMES = {1: 'a/109.png', 2: 'b/003.png', 3: 'c/001.png', 4: 'd/x.png'}


def results(*ids, **more):
    box = [1, 2, 30.125, 4.5]
    return [
        {'image_id': i, 'bbox': box, 'score': 0.75, 'category_id': 1, **more}
        for i in ids
    ]


@pytest.mark.parametrize(
    ('ids', 'ambiguous', 'numbers'),
    [
        ([3, 1], True, False),
        ([3, 4], False, False),
        ([109, 3], False, True),
        ([109, 4], False, False),
        ([], False, False),
    ],
)
def test_readings_of_ids(ids, ambiguous, numbers):
    assert are_ambiguous(results(*ids), NAMES) is ambiguous
    assert are_file_numbers(results(*ids), NAMES) is numbers


def test_the_same_image_in_both_readings_is_no_question():
    assert not are_ambiguous(results(1), {1: 'x/001.png', 2: 'x/007.png'})
    # A number that two files have is one of them at most.
    assert are_ambiguous(results(1), {1: 'x/001.png', 2: 'y/001.png'})
    assert numbers_of_names({5: 'x/001.png', 6: '1.png', 7: 'x1.png'}) == {
        1: [5, 6]
    }


@pytest.mark.parametrize(
    'more', [{'score': 0.123456}, {'bbox': [1, 2, 3, 4.0001]}]
)
def test_more_decimals_than_ultralytics_writes_are_of_others(more):
    entries = [*results(3), *results(1, **more)]
    assert not are_ambiguous(entries, NAMES)
    check_image_ids(entries, NAMES, 'r.json')


def test_both_readings_are_refused_with_an_example_of_each():
    with pytest.raises(ValueError, match='Ultralytics') as caught:
        check_image_ids(results(3, 1), NAMES, 'r.json')
    said = str(caught.value)
    assert "1 is the id of 'a/109.png' and the number of 'c/001.png'" in said
    assert (
        'convert_results.py r.json --image-ids annotation` (or `file' in said
    )
    with pytest.raises(ValueError, match=r'they are the numbers in file nam'):
        check_image_ids(results(109, 3), NAMES, 'r.json')


def test_a_file_name_decides():
    named = [
        *results(3, file_name='c/001.png'),
        *results(1, file_name='109.jpg'),
    ]
    check_image_ids(named, NAMES, 'r.json')
    wrong = results(3, file_name='003.png')
    with pytest.raises(ValueError, match=r"0: `image_id` .*'003.png', 2, but"):
        check_image_ids(wrong, NAMES, 'r.json')


@pytest.fixture
def files(tmp_path):
    """Annotations with a lesion on each image; the place of results."""
    document = {
        'images': [{'id': i, 'file_name': n} for i, n in NAMES.items()],
        'annotations': [
            {'id': i, 'image_id': i, 'category_id': 1, 'bbox': [i, 2, 9, 9]}
            for i in NAMES
        ],
    }
    write_json(tmp_path / 'test.json', document)
    return tmp_path / 'test.json', tmp_path / 'r.json'


def convert(files, said=None, **convention):
    found, _ = convert_results(
        *(files[1], files[0], 'coco', Convention(**convention)),
        note=(said if said is not None else []).append,
    )
    return found


def test_conversion_asks_where_both_are_possible(files):
    write_json(files[1], results(3, 1))
    with pytest.raises(ValueError, match='--image-ids annotation'):
        convert(files)
    found = convert(files, image_ids='annotation')
    assert [entry['image_id'] for entry in found] == [3, 1]
    said = []
    found = convert(files, said, image_ids='file-name')
    assert [entry['image_id'] for entry in found] == [2, 3]
    assert said[0] == 'image ids are read as the numbers in file names'


def test_what_was_converted_is_clear(files):
    write_json(files[1], results(3, 1))
    write_json(files[1], convert(files, image_ids='annotation'))
    truth = load_ground_truth(files[0])
    table = load_detections(files[1], truth.all_images, truth.names)
    assert table.image_ids.tolist() == [3, 1]
    assert convert(files) == convert(files, image_ids='annotation')


def test_conversion_finds_what_is_clear(files):
    write_json(files[1], results(109, 3))
    assert [e['image_id'] for e in convert(files)] == [1, 2]
    # Beside texts, numbers are the rest of the same kind of name.
    write_json(files[1], results('x', 3))
    assert [e['image_id'] for e in convert(files)] == [4, 2]
    write_json(files[1], results(109, 4))
    with pytest.raises(ValueError, match=r'must be an id of the annotation'):
        convert(files)


def test_a_number_of_several_files(files):
    write_json(files[1], results(5))
    images = [{'id': k, 'file_name': f'{k}/005.png'} for k in (7, 8)]
    write_json(files[0], {'images': images, 'annotations': []})
    with pytest.raises(ValueError, match=r"5 is that of 2 \('7/005.png', '8"):
        convert(files)


def test_evaluations_take_no_such_ids(files):
    write_json(files[1], results(3, 1))
    truth = load_ground_truth(files[0])
    with pytest.raises(ValueError, match='Ultralytics'):
        load_runs(truth, {'A': files[1]})
    with pytest.raises(ValueError, match='Ultralytics'):
        load_detections(files[1], truth.all_images, truth.names)
