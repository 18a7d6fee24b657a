"""The result files that a report compares."""

import pytest

from mmuldor.evaluation.ground_truth import load_ground_truth
from mmuldor.evaluation.runs import load_runs, table_row
from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_files import write_json
from tests.support.entries import detections_on


@pytest.fixture
def truth(mini_data):
    return load_ground_truth(mini_data / 'test.json')


@pytest.fixture
def results(mini_data, tmp_path):
    """All lesions found, one of them as a false positive too."""
    lesions = load_annotations(mini_data / 'test.json')['annotations']
    path = tmp_path / 'results.json'
    found = detections_on(lesions) + detections_on(lesions[:1], 0.8, 2)
    write_json(path, found)
    return path


def test_a_run_with_the_false_positive_class_has_two_rows(truth, results):
    first, second = load_runs(truth, {'A': results}, with_fp=['A'])
    assert (first.name, second.name) == ('A', 'A + FP')
    assert [entry['category_id'] for entry in first.results] == [1, 1]
    assert {entry['source'] for entry in first.results} == {str(results)}
    assert second.results == []
    row = table_row(first)
    assert (row['name'], row['mean'], row['max_sensitivity']) == ('A', 1, 1)


def test_a_row_of_a_class_that_is_not_there(truth, results, mini_data):
    lesions = load_annotations(mini_data / 'test.json')['annotations']
    _, both = load_runs(truth, {'A': results}, with_fp=['A'])
    assert table_row(both)['notes'] == []
    write_json(results, detections_on(lesions))
    first, second = load_runs(truth, {'A': results}, with_fp=['A'])
    assert table_row(first)['notes'] == []
    (note,) = table_row(second)['notes']
    assert note.startswith('the results have no detection of the false-posit')


def test_results_in_an_ignored_region_leave_the_run(mini_data, tmp_path):
    document = load_annotations(mini_data / 'test.json')
    lesions = document['annotations']
    crowd = {**lesions[0], 'id': 999, 'bbox': [40, 0, 20, 9], 'iscrowd': 1}
    write_json(
        tmp_path / 'crowd.json', {**document, 'annotations': [*lesions, crowd]}
    )
    inside = {**crowd, 'bbox': [45, 2, 9, 5]}
    found = detections_on([inside], 0.99) + detections_on(lesions)
    write_json(tmp_path / 'found.json', found)
    truth = load_ground_truth(tmp_path / 'crowd.json')
    (run,) = load_runs(truth, {'A': tmp_path / 'found.json'})
    # Entries and matched detections are the same ones in the same order.
    assert [entry['bbox'] for entry in run.results] == [
        lesion['bbox'] for lesion in lesions
    ]
    assert len(run.evaluation.matched.det_score) == len(lesions)
    assert run.evaluation.summary.mean == 1


def test_steps_stay_below_a_rate_of_false_positives(truth, results):
    (run,) = load_runs(truth, {'A': results})
    # Equal scores are one step, and none of them is false.
    assert run.steps_at(0) == 1
    assert run.steps_at(100) == 1


@pytest.mark.parametrize(
    ('names', 'with_fp', 'match'),
    [
        ([], [], 'needs at least one run'),
        (['A'], ['B'], r"`with_fp` must be names of \['A'\].*got 'B'"),
        (['A', 'A + FP'], ['A'], r"'A \+ FP' must be free"),
    ],
)
def test_wrong_names(truth, results, names, with_fp, match):
    with pytest.raises(ValueError, match=match):
        load_runs(truth, dict.fromkeys(names, results), with_fp)
