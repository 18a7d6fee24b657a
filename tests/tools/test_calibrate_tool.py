"""`tools/calibrate.py`, from results to a file that infer reads."""

import json

import numpy as np
import pytest

from mmuldor.evaluation.calibration.calibration_file import load_calibration
from tools.calibrate import main


@pytest.fixture
def results(mini_data, tmp_path):
    """On the six images: the lesion at 0.9, two false ones at 0.2, 0.8."""
    document = json.loads((mini_data / 'train.json').read_text())
    found = []
    for annotation in document['annotations']:
        image = annotation['image_id']
        other = [0.0, 0.0, 5.0, 5.0]
        for box, score in (
            (annotation['bbox'], 0.9),
            (other, 0.2),
            (other, 0.8),
        ):
            found.append(
                {
                    'image_id': image,
                    'bbox': box,
                    'score': score + image / 1000,
                    'category_id': 1,
                }
            )
    path = tmp_path / 'results.json'
    path.write_text(json.dumps(found))
    return path


def run(mini_data, results, out, *options):
    main(
        [
            *('--ann', str(mini_data / 'train.json')),
            *('--dets', str(results), '--out', str(out)),
            *options,
        ]
    )


def test_a_file_that_is_read_again(mini_data, results, tmp_path, capsys):
    out, plot = tmp_path / 'calibration.json', tmp_path / 'plot.png'
    run(mini_data, results, out, '--plot', str(plot))
    assert '18 detections on 6 images' in capsys.readouterr().out
    assert plot.stat().st_size > 5000
    fitted = load_calibration(out)
    assert fitted.calibration(np.array([0.1, 0.5, 0.95])).tolist() == [0, 0, 1]
    # All lesions, and the first six of the false ones: one an image.
    assert fitted.operating_point.score_thr == pytest.approx(0.801)
    assert fitted.operating_point.fps_per_image == 1
    assert fitted.operating_point.sensitivity == 1
    assert fitted.choose(fps_per_image=0).score_thr == pytest.approx(0.901)
    assert fitted.choose(sensitivity=0.5).score_thr == pytest.approx(0.904)
    assert fitted.brier['calibrated'] < fitted.brier['score']


def test_a_file_of_the_first_format(mini_data, results, tmp_path):
    out = tmp_path / 'calibration.json'
    run(mini_data, results, out)
    fitted, document = load_calibration(out), json.loads(out.read_text())
    document['format'] = 'mmuldor-calibration-1'
    document['chosen'] = document.pop('operating_point')
    document['points'] = document.pop('operating_points')
    out.write_text(json.dumps(document))
    old = load_calibration(out)
    assert old.operating_point == fitted.operating_point
    assert old.operating_points == fitted.operating_points
    del document['chosen']
    out.write_text(json.dumps(document))
    with pytest.raises(ValueError, match='`chosen` must hold'):
        load_calibration(out)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'format': 'other'}, 'mmuldor-calibration-2'),
        ({'format': [1]}, r'but got \[1\]'),
        ({'scores': [0.5]}, 'must rise'),
        ({'operating_point': {'fps': 1}}, '`operating_point` must hold'),
        ({'operating_points': 3}, '`operating_points` must be a list'),
        ({'operating_points': [{}]}, r'`operating_points\[0\]` must hold'),
        ({'scores': [10**400, 1]}, '`scores` must be'),
        ({'probabilities': 'ab'}, '`probabilities` must be'),
        (
            {'scores': [0, 1], 'probabilities': [0.5, 1.5]},
            '`probabilities` must lie in 0 to 1',
        ),
        ({'counts': 7}, '`counts` must hold numbers'),
        ({'brier': {'score': None}}, '`brier` must hold numbers'),
    ],
)
def test_a_damaged_file(mini_data, results, tmp_path, change, message):
    out = tmp_path / 'calibration.json'
    run(mini_data, results, out)
    document = json.loads(out.read_text()) | change
    out.write_text(json.dumps(document))
    with pytest.raises(ValueError, match=message) as raised:
        load_calibration(out)
    assert str(out) in str(raised.value)


def test_no_input_is_overwritten(mini_data, results, tmp_path, capsys):
    before = results.read_bytes()
    with pytest.raises(SystemExit):
        run(mini_data, results, results)
    assert 'must be another file' in capsys.readouterr().err
    assert results.read_bytes() == before


def test_a_point_that_is_not_there(mini_data, results, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run(mini_data, results, tmp_path / 'c.json', '--sensitivity', '1.5')
    assert 'the maximum is 1' in capsys.readouterr().err
    assert not (tmp_path / 'c.json').exists()
