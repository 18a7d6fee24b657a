"""The check of a calibration on volumes that it has not seen."""

import json

import pytest

from benchmarks.volume_calibration import check
from mmuldor.evaluation.calibration.from_files import calibrate_volumes
from mmuldor.io.volume_annotations import load_volumes

GRID = {'shape': [10, 40, 40], 'spacing_mm': [1, 1, 2]}
LESION, ELSEWHERE = [2, 2, 2, 9, 9, 9], [20, 20, 2, 29, 29, 9]


def test_what_is_unseen_is_compared(tmp_path):
    """Ten volumes of each split; six of the lesions unseen are found."""
    entries = []
    for number in range(20):
        name, split = f'v{number}', 'val' if number < 10 else 'test'
        entry = {'name': name, 'split': split, **GRID}
        entries.append({**entry, 'lesions': [{'box_mm': LESION}]})
        found = [{'box_mm': ELSEWHERE, 'score': 0.8}]
        if number < 16:
            found.append({'box_mm': LESION, 'score': 0.9})
        path = tmp_path / 'found' / name / 'lesions.json'
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({**GRID, 'lesions': found}))
    path = tmp_path / 'volumes.json'
    path.write_text(json.dumps({'volumes': entries}))
    fit = calibrate_volumes(path, [tmp_path / 'found'], fps=1.0)
    row = check(fit.file, load_volumes(path, 'test'), tmp_path / 'found')
    assert row['unseen_fps_per_volume'] == 1
    assert row['inside']
    assert row['unseen_lesions_reported'] == 16
    assert row['unseen_lesions_found'] == 6
    assert row['share_of_true'] == 6 / 16
    # Ten hits of ten at 0.9, none of ten at 0.8, shrunk.
    total = 6 * 10.5 / 11 + 10 * 0.5 / 11
    assert row['mean_probability'] == pytest.approx(total / 16)
    assert row['probability_over_share'] == pytest.approx(total / 6)
