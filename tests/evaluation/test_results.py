import copy
import gc
import json

import numpy as np
import pytest

from mmuldor.evaluation.results import (
    Detections,
    load_detections,
    read_results,
    results_file,
    to_results,
    write_results,
)
from mmuldor.io.limits import MAX_NUMBER

RESULTS = [
    {'image_id': 7, 'bbox': [1, 2.5, 3, 4], 'score': 0.5, 'category_id': 1},
    {'image_id': 9, 'bbox': [0, 0, 0, 0.1], 'score': 1, 'category_id': 2},
]
HUGE = 10**400


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'dets.json'


def test_table(path):
    path.write_text(json.dumps(RESULTS))
    table = load_detections(path, [9, 7, 8])
    assert table.image_ids.tolist() == [7, 9]
    assert table.boxes.tolist() == [[1, 2.5, 4, 6.5], [0, 0, 0, 0.1]]
    assert table.scores.tolist() == [0.5, 1]
    assert table.categories.tolist() == [1, 2]
    assert len(table) == 2


def test_list_is_unchanged(path):
    path.write_text(json.dumps(RESULTS))
    entries = read_results(path)
    assert entries == RESULTS
    table = Detections.of(entries, [7, 9], path)
    assert entries == RESULTS
    assert table.scores.tolist() == [0.5, 1]


def test_other_keys_are_ignored(path):
    rle = {'size': [2, 2], 'counts': '04'}
    path.write_text(json.dumps([{**RESULTS[0], 'segmentation': rle, 'x': 1}]))
    assert len(load_detections(path, [7])) == 1


def test_no_detections(path):
    path.write_text('[]')
    assert load_detections(path, [7]).boxes.shape == (0, 4)
    assert Detections.of([], [], path).scores.shape == (0,)


def test_a_work_dir_stands_for_its_results(tmp_path):
    file = tmp_path / 'work' / 'results.json'
    write_results(file, RESULTS)
    assert results_file(tmp_path / 'work') == file
    assert results_file(file) == file
    assert read_results(tmp_path / 'work') == RESULTS
    with pytest.raises(
        FileNotFoundError, match=r'must hold a results\.json.*'
    ):
        read_results(tmp_path)


def test_annotations_in_place_of_results(path):
    path.write_text('{"images": [], "annotations": []}')
    with pytest.raises(ValueError, match=r'a dict, as annotation files have'):
        read_results(path)


def test_select(path):
    path.write_text(json.dumps(RESULTS))
    table = load_detections(path, [7, 9])
    assert table.select(table.categories == 2).image_ids.tolist() == [9]


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('image_id', 8, '`image_id` must be an id of the.*but got 8'),
        ('image_id', '7', "`image_id` must be .*but got '7'"),
        ('image_id', 7.0, '`image_id` must be .*but got 7.0'),
        ('image_id', True, '`image_id` must be .*but got True'),
        ('image_id', HUGE, '`image_id` must be .*but got 1000'),
        ('bbox', [1, 2, 3], r'`bbox` must be four.*but got \[1, 2, 3\]'),
        ('bbox', '1234', "`bbox` must be four.*but got '1234'"),
        ('bbox', {'x': 1}, '`bbox` must be four'),
        ('bbox', [1, 2, 3, None], '`bbox` must be four'),
        ('bbox', [1, 2, 3, '4'], '`bbox` must be four'),
        ('bbox', [1, 2, True, 4], '`bbox` must be four'),
        ('bbox', [1, 2, -3, 4], '`bbox` must be four.*x2 - x1 >= 0'),
        ('bbox', [1, float('nan'), 3, 4], '`bbox` must be four finite'),
        ('bbox', [1, 2, float('inf'), 4], '`bbox` must be four finite'),
        ('score', None, '`score` must be a finite number, but got None'),
        ('score', '0.5', "`score` must be a finite number, but got '0.5'"),
        ('score', False, '`score` must be a finite number, but got False'),
        ('score', float('nan'), '`score` must be a finite number'),
        ('score', float('-inf'), '`score` must be a finite number'),
        ('score', HUGE, '`score` must be a finite number'),
        ('category_id', 0, r'`category_id` must be 1 \(lesion\) or 2'),
        ('category_id', 3, '`category_id` must be .*but got 3'),
        ('category_id', 1.0, '`category_id` must be .*but got 1.0'),
    ],
)
def test_wrong_values_are_named(path, field, value, message):
    results = copy.deepcopy(RESULTS)
    results[1][field] = value
    path.write_text(json.dumps(results))
    with pytest.raises(ValueError, match=f'dets.json: entry 1: {message}'):
        load_detections(path, [7, 9])


@pytest.mark.parametrize('field', RESULTS[0])
def test_missing_fields_are_named(path, field):
    results = copy.deepcopy(RESULTS)
    del results[1][field]
    with pytest.raises(
        ValueError, match=f'dets.json: entry 1: `{field}`.*got nothing'
    ):
        Detections.of(results, [7, 9], path)


@pytest.mark.parametrize('entry', [None, 3, [1], 'bbox'])
def test_entries_must_be_objects(path, entry):
    path.write_text(json.dumps([RESULTS[0], entry]))
    with pytest.raises(ValueError, match='entry 1 must be an object'):
        load_detections(path, [7])


def test_the_first_wrong_entry_is_named(path):
    wrong = [{**RESULTS[0], 'score': None}, {**RESULTS[0], 'bbox': 3}]
    path.write_text(json.dumps([*RESULTS, *wrong]))
    with pytest.raises(ValueError, match='entry 2: `score`'):
        load_detections(path, [7, 9])


@pytest.mark.parametrize('document', ['{"images": []}', '3', 'null'])
def test_must_be_a_list(path, document):
    path.write_text(document)
    with pytest.raises(ValueError, match='must hold a list of results'):
        load_detections(path, [7])


def test_must_be_json(path):
    path.write_text(json.dumps(RESULTS)[:-10])
    with pytest.raises(ValueError, match=r'dets\.json must be JSON'):
        load_detections(path, [7, 9])


def test_missing_file_names_the_command(path):
    with pytest.raises(FileNotFoundError, match=r'dets\.json.*tools/test.py'):
        load_detections(path, [7])


@pytest.mark.parametrize('was_on', [True, False])
def test_garbage_collection_is_as_before(path, was_on):
    (gc.enable if was_on else gc.disable)()
    try:
        with pytest.raises(FileNotFoundError):
            load_detections(path, [])
        path.write_text('[{}]')
        with pytest.raises(ValueError, match='entry 0'):
            load_detections(path, [])
        assert gc.isenabled() == was_on
    finally:
        gc.enable()


def test_round_trip_is_exact(path):
    rng = np.random.default_rng(0)
    # Quarters up to 512, so that x1 + (x2 - x1) is x2 to the last bit.
    corners = np.sort(rng.integers(0, 2048, (5, 2, 2)) / 4, axis=1)
    boxes, scores = corners.reshape(5, 4), rng.random(5).astype(np.float32)
    rle = {'size': np.array([3, 2]), 'counts': b'06'}
    write_results(
        path, to_results(7, boxes, scores, [1, 2, 1, 1, 2], [rle] * 5)
    )
    table = load_detections(path, [7])
    assert np.array_equal(table.boxes, boxes)
    assert np.array_equal(table.scores, scores)
    assert table.categories.tolist() == [1, 2, 1, 1, 2]
    stored = read_results(path)[0]['segmentation']
    assert stored == {'size': [3, 2], 'counts': '06'}


def test_lengths_must_agree():
    with pytest.raises(ValueError, match='longer'):
        to_results(7, [[0, 0, 1, 1]], [0.5, 0.6], [1, 1])


def test_a_failed_write_keeps_the_old_file(path):
    path.write_text('old')
    with pytest.raises(ValueError, match='not JSON compliant'):
        write_results(path, [{'score': float('nan')}])
    assert path.read_text() == 'old'
    assert list(path.parent.iterdir()) == [path]


def test_columns_have_the_types_that_they_state(path):
    for results in ([], RESULTS):
        path.write_text(json.dumps(results))
        table = load_detections(path, [7, 9])
        assert table.image_ids.dtype == table.categories.dtype == np.int64
        assert table.boxes.dtype == table.scores.dtype == np.float64


def test_results_of_an_image_as_json():
    boxes = np.array([[1, 2.5, 4, 6.5], [0, 0, 0, 0]])
    rle = {'size': [2, 2], 'counts': b'04'}
    plain = to_results(np.int64(7), boxes, [0.5, 1], np.array([1, 2]))
    assert plain == [
        {
            'image_id': 7,
            'bbox': [1.0, 2.5, 3.0, 4.0],
            'score': 0.5,
            'category_id': 1,
        },
        {
            'image_id': 7,
            'bbox': [0.0, 0.0, 0.0, 0.0],
            'score': 1.0,
            'category_id': 2,
        },
    ]
    assert [type(plain[0][key]) for key in ('image_id', 'category_id')] == [
        int,
        int,
    ]
    full = to_results(7, boxes, [0.5, 1], [1, 2], [rle] * 2, ['lung', 'bone'])
    assert [entry.pop('lesion_type') for entry in full] == ['lung', 'bone']
    masks = [entry.pop('segmentation') for entry in full]
    assert masks == [{'size': [2, 2], 'counts': '04'}] * 2
    assert full == plain
    for extra in ({'rles': [rle]}, {'types': ['lung'] * 3}):
        with pytest.raises(ValueError, match=r'zip\(\) argument 2 is'):
            to_results(7, boxes, [0.5, 1], [1, 2], **extra)


def test_a_selection_keeps_the_columns_together(path):
    path.write_text(json.dumps(RESULTS))
    table = load_detections(path, [7, 9])
    turned = table.select(np.array([1, 0]))
    assert turned.image_ids.tolist() == [9, 7]
    assert turned.boxes.tolist() == [[0, 0, 0, 0.1], [1, 2.5, 4, 6.5]]
    assert turned.scores.tolist() == [1, 0.5]
    assert turned.categories.tolist() == [2, 1]
    assert table.select(np.array([True, True])) is table
    assert len(table.select(np.array([False, False]))) == 0


def test_coordinates_end_at_a_limit(path):
    for size, accepted in ((MAX_NUMBER, True), (-MAX_NUMBER, True)):
        entry = {**RESULTS[0], 'bbox': [size, 0, 0, 0]}
        assert len(Detections.of([entry], [7], path)) == accepted
    entry = {**RESULTS[0], 'bbox': [2 * MAX_NUMBER, 0, 0, 0]}
    with pytest.raises(ValueError, match='entry 0: `bbox` must be four'):
        Detections.of([entry], [7], path)
