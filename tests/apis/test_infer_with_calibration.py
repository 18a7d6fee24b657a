"""Probabilities and operating points of scans, with an untrained model."""

import json

import pytest

from mmuldor.apis.infer import infer_scan
from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.evaluation.calibration.calibration_file import load_calibration
from mmuldor.evaluation.calibration.run_settings import RunSettings
from mmuldor.functional.boxes_3d import without_repeats
from mmuldor.scans.reading import read_scan


def test_an_operating_point_needs_a_calibration(
    noise_scan, narrow_config, tmp_path
):
    with pytest.raises(ValueError, match='tools/calibrate'):
        infer_scan(
            noise_scan, narrow_config, 'w.pth', tmp_path, fps_per_volume=1.0
        )


def calibration_of(unit):
    """The threshold is above all scores; another point has all lesions."""
    fps = f'fps_per_{unit}'
    number = {'image': 2, 'volume': 3}[unit]
    return {
        'format': f'mmuldor-calibration-{number}',
        'scores': [0.0, 1.0],
        'probabilities': [0.0, 0.5],
        'operating_point': {'score_thr': 1.1, fps: 0, 'sensitivity': 0},
        'operating_points': [{'score_thr': 0.0, fps: 9, 'sensitivity': 1}],
        'counts': {},
        'brier': {},
    }


def test_a_calibration_of_key_slices_gives_no_probability(
    noise_scan, narrow_config, narrow_weights, tmp_path
):
    path = tmp_path / 'calibration.json'
    path.write_text(json.dumps(calibration_of('image')))
    with pytest.raises(ValueError, match='must be one of volumes'):
        LesionDetector(
            narrow_config,
            narrow_weights,
            'cpu',
            calibration=load_calibration(path),
        )
    with pytest.raises(ValueError, match='one of key slices'):
        infer_scan(
            *(noise_scan, narrow_config, narrow_weights, tmp_path / 'out'),
            calibration=path,
            fps_per_volume=9.0,
        )
    lesions, notes = infer_scan(
        *(noise_scan, narrow_config, narrow_weights, tmp_path / 'out'),
        calibration=path,
        score_thr=0.0,
        max_pictures=0,
        device='cpu',
    )
    assert lesions
    assert {lesion.probability for lesion in lesions} == {None}
    assert any(note.startswith('NO PROBABILITIES') for note in notes)
    written = json.loads((tmp_path / 'out/lesions.json').read_text())
    assert {entry['probability'] for entry in written['lesions']} == {None}
    assert any('calibrate.py --volumes' in n for n in written['notes'])


def test_the_threshold_of_a_calibration(
    noise_scan, narrow_config, narrow_weights, tmp_path
):
    path = tmp_path / 'calibration.json'
    path.write_text(json.dumps(calibration_of('volume')))
    narrow_config.calibration = str(path)
    found = {}
    for name, options in (
        ('none', {}),
        ('all', {'fps_per_volume': 9.0, 'max_pictures': 0}),
    ):
        found[name], _ = infer_scan(
            *(noise_scan, narrow_config, narrow_weights, tmp_path / name),
            device='cpu',
            **options,
        )
    assert found['none'] == []
    best = found['all'][0]
    assert best.probability == pytest.approx(best.score / 2)
    written = json.loads((tmp_path / 'all/lesions.json').read_text())
    assert written['lesions'][0]['probability'] == pytest.approx(
        best.probability, abs=1e-4
    )


def test_lesions_over_one_another_are_one(
    noise_scan, narrow_config, narrow_weights, tmp_path
):
    path = tmp_path / 'calibration.json'
    found = []
    for overlap_iou in (None, 0.2):
        document = {**calibration_of('volume'), 'overlap_iou': overlap_iou}
        path.write_text(json.dumps(document))
        detector = LesionDetector(
            *(
                narrow_config,
                narrow_weights,
                'cpu',
                0.0,
                load_calibration(path),
            )
        )
        found.append(detector.detect(read_scan(noise_scan)[0]))
    boxes, scores = (
        [getattr(lesion, name) for lesion in found[0]]
        for name in ('box_mm', 'score')
    )
    kept = without_repeats(boxes, scores, 0.2)
    assert 0 < len(kept) < len(boxes)
    assert [lesion.score for lesion in found[1]] == [
        pytest.approx(scores[row]) for row in kept
    ]


def test_other_settings_than_those_of_the_calibration_are_told(
    noise_scan, narrow_config, narrow_weights, tmp_path
):
    """From the files of a run to its calibration, and back to the scan."""
    out = tmp_path / 'low'
    options = {'device': 'cpu', 'max_pictures': 0}
    infer_scan(
        noise_scan,
        narrow_config,
        narrow_weights,
        out,
        score_thr=0.0,
        **options,
    )
    found = json.loads((out / 'lesions.json').read_text())
    fitted = RunSettings.of_provenance(found['provenance'])
    assert fitted.score_thr == 0
    assert len(fitted.checkpoint_sha256) == len(fitted.config_sha256) == 64
    path = tmp_path / 'calibration.json'
    path.write_text(
        json.dumps(
            {
                **calibration_of('volume'),
                'settings': fitted.as_dict(),
                'heights_mm': [30.0, 40.0],
            }
        )
    )
    options |= {'calibration': path, 'fps_per_volume': 9.0}
    first, again = (
        infer_scan(
            *(noise_scan, narrow_config, narrow_weights, tmp_path / 'out'),
            step_mm=step_mm,
            **options,
        )[1]
        for step_mm in (None, 6)
    )
    # Others are about the scan.
    point, height, *_ = first
    assert point.startswith('operating point: score threshold 0.0000, 9.00')
    assert height.startswith('the scan is 12 mm high')
    (note,) = set(again) - set(first)
    assert note.startswith('THE CALIBRATION IS NOT VALID HERE')
    assert note.endswith('--step-mm none, here 6.0')
