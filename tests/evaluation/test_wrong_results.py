"""What is said of results that are wrong, in full."""

import copy
import json

import pytest

from mmuldor.evaluation.results import (
    Detections,
    load_detections,
    read_results,
)

RESULTS = [
    {'image_id': 7, 'bbox': [1, 2.5, 3, 4], 'score': 0.5, 'category_id': 1},
    {'image_id': 9, 'bbox': [0, 0, 0, 0.1], 'score': 1, 'category_id': 2},
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'dets.json'


def said_of(path, change):
    results = copy.deepcopy(RESULTS)
    results[1].update(change)
    with pytest.raises(ValueError, match='must') as caught:
        Detections.of(results, [7, 9], path)
    return str(caught.value).removeprefix(f'{path}: entry 1: ')


def test_what_a_field_must_be_is_said_in_full(path):
    assert said_of(path, {'image_id': 8}) == (
        "`image_id` must be an id of the annotation file's images (an "
        'integer; were these detections made with another file? '
        'tools/convert_results.py finds images by name), but got 8.'
    )
    assert said_of(path, {'bbox': [1]}) == (
        '`bbox` must be four finite numbers x1, y1, x2 - x1 >= 0, y2 - y1 >= '
        '0, but got [1].'
    )
    assert said_of(path, {'category_id': 3}) == (
        '`category_id` must be 1 (lesion) or 2 (false-positive class; '
        'tools/convert_results.py converts others), but got 3.'
    )
    assert said_of(path, {'score': None}) == (
        '`score` must be a finite number, but got None.'
    )
    with pytest.raises(ValueError, match='entry') as caught:
        Detections.of([3], [7], path)
    assert str(caught.value) == (
        f'{path}: entry 0 must be an object with image_id, bbox, score, '
        'category_id, but got 3.'
    )


@pytest.mark.parametrize('typed', [0, 1])
def test_types_of_some_entries_are_refused(path, typed):
    results = copy.deepcopy(RESULTS)
    results[typed]['lesion_type'] = 'lung'
    with pytest.raises(ValueError, match='lesion_type') as caught:
        Detections.of(results, [7, 9], path)
    assert str(caught.value) == (
        f'{path}: entry {1 - typed}: `lesion_type` must be a name, as in '
        f"entry {typed} ('lung'), since all entries have one or none, but got "
        'nothing.'
    )
    results[1 - typed]['lesion_type'] = 5
    with pytest.raises(ValueError, match=r'or none, but got 5\.'):
        Detections.of(results, [7, 9], path)
    results[typed]['lesion_type'] = None
    assert Detections.of(results, [7, 9], path).types is None


def test_what_is_no_list_of_results_is_said_in_full(path):
    path.write_text('{}')
    advice = (
        'Create it with `python tools/test.py CONFIG CHECKPOINT --out '
        'results.json`.'
    )
    with pytest.raises(ValueError, match='list') as caught:
        read_results(path)
    assert str(caught.value) == (
        f'{path} must hold a list of results, but got a dict, as annotation '
        f'files have. {advice}'
    )
    path.unlink()
    with pytest.raises(FileNotFoundError, match='the results') as caught:
        read_results(path)
    assert str(caught.value).endswith(advice)


def test_ids_that_may_be_numbers_in_names_are_refused(path):
    # Annotation files that number images from 1; detections numbered by name.
    names = {number: f'{number + 100:03d}.png' for number in range(1, 120)}
    rows = [{**RESULTS[0], 'image_id': number} for number in range(101, 120)]
    path.write_text(json.dumps(rows))
    assert len(load_detections(path, list(names))) == 19
    with pytest.raises(ValueError, match=r'dets\.json'):
        load_detections(path, list(names), names)
