"""A calibration from a results file."""

import pytest

from mmuldor.evaluation.calibration.from_files import calibrate_slices
from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_files import write_json
from tests.support.entries import detections_on


@pytest.fixture
def files(mini_data, tmp_path):
    """Six lesions, all found, with a false detection beside each."""
    ann = mini_data / 'train.json'
    lesions = load_annotations(ann)['annotations']
    beside = [{**lesion, 'bbox': [0, 0, 5, 5]} for lesion in lesions]
    found = detections_on(lesions, 0.9) + detections_on(beside, 0.4)
    write_json(tmp_path / 'results.json', found)
    return ann, tmp_path / 'results.json', found


def test_odd_results_are_noted(files):
    ann, path, found = files
    said = []
    calibrate_slices(ann, path, fps=1, say=said.append)
    assert said == []
    write_json(path, found + found[:3])
    calibrate_slices(ann, path, fps=1, say=said.append)
    (note,) = said
    assert note.startswith('3 of 15 detections repeat another one')
    with pytest.warns(UserWarning, match='3 of 15 detections repeat'):
        calibrate_slices(ann, path, fps=1)
