"""`tools/calibrate.py`, from results to a file that infer reads."""

import json
from dataclasses import replace

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
    # Twelve misses and six hits, shrunk; a ramp between them.
    low, high = 0.5 / 13, 6.5 / 7
    assert fitted.calibration([0.1, 0.806, 0.95]) == pytest.approx(
        [low, low, high]
    )
    assert fitted.unit == 'image'
    # All lesions, and the first six of the false ones: one an image.
    assert fitted.operating_point.score_thr == pytest.approx(0.801)
    assert fitted.operating_point.fps_per_image == 1
    assert fitted.operating_point.sensitivity == 1
    assert fitted.choose(fps_per_image=0).score_thr == pytest.approx(0.901)
    assert fitted.choose(sensitivity=0.5).score_thr == pytest.approx(0.904)
    assert fitted.brier['calibrated'] < fitted.brier['score']
    assert 0.5 < fitted.quality['brier_skill'] < 1
    document = json.loads(out.read_text())
    assert document['format'] == 'mmuldor-calibration-2'
    assert document['operating_point'].keys() == {
        'score_thr', 'fps_per_image', 'sensitivity', 'fps_per_image_95',
    }  # fmt: skip


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


def test_a_file_without_the_keys_of_later_versions(
    mini_data, results, tmp_path
):
    out = tmp_path / 'calibration.json'
    run(mini_data, results, out)
    fitted, document = load_calibration(out), json.loads(out.read_text())
    del document['unit'], document['quality']
    points = [document['operating_point'], *document['operating_points']]
    for point in points:
        del point['fps_per_image_95']
    out.write_text(json.dumps(document))
    old = load_calibration(out)
    assert old.unit == 'image'
    assert old.quality == {}
    assert old.operating_point == replace(fitted.operating_point, fps_95=None)


VOLUME = {
    'shape': [10, 40, 40],
    'spacing_mm': [1, 1, 2],
    'affine_lps': np.diag([1.0, 1, 2, 1]).tolist(),
}


@pytest.fixture
def volumes(tmp_path):
    """Ten volumes: a hit at 0.9, misses at 0.8 and 0.3 plus number / 100."""
    entries = []
    for number in range(10):
        name = f'v{number}'
        entries.append(
            {
                'name': name,
                'split': 'val',
                'patient': number,
                **VOLUME,
                'lesions': [{'box_mm': [2, 2, 2, 9, 9, 9]}],
            }
        )
        found = [
            ([2, 2, 2, 9, 9, 8], 0.9),
            ([20, 20, 2, 29, 29, 9], 0.8),
            ([30, 20, 2, 39, 29, 9], 0.3 + number / 100),
        ]
        path = tmp_path / 'found' / name / 'lesions.json'
        path.parent.mkdir(parents=True)
        provenance = {'score_thr': 0.05, 'step_mm': None, 'views': None}
        lesions = [{'box_mm': box, 'score': score} for box, score in found]
        path.write_text(
            json.dumps(
                {**VOLUME, 'provenance': provenance, 'lesions': lesions}
            )
        )
    path = tmp_path / 'volumes.json'
    path.write_text(json.dumps({'volumes': entries}))
    return path


def run_volumes(volumes, out, *options):
    main(
        [
            *('--volumes', str(volumes)),
            *('--dets', str(volumes.parent / 'found'), '--out', str(out)),
            *options,
        ]
    )


def test_lesions_of_volumes(volumes, tmp_path, capsys):
    out, plot = tmp_path / 'calibration.json', tmp_path / 'plot.png'
    run_volumes(volumes, out, '--fps', '1', '--plot', str(plot))
    printed = capsys.readouterr().out
    assert '30 detections on 10 volumes' in printed
    assert '0 lesions left out that overlap' in printed
    assert '1.00 FPs per volume (95 %: ' in printed
    assert plot.stat().st_size > 5000
    document = json.loads(out.read_text())
    assert document['unit'] == 'volume'
    assert document['counts'] == {
        'volumes': 10, 'volumes_without_lesions': 0, 'lesions': 10,
        'detections': 30, 'patients': 10, 'overlapping': 0, 'repeats': 0,
    }  # fmt: skip
    point = document['operating_point']
    assert (point['score_thr'], point['fps_per_volume']) == (0.8, 1)
    # One in each of ten volumes: Poisson's 1 / 10, t of nine 2.262.
    low, high = point['fps_per_volume_95']
    half = 2.2622 * np.sqrt(0.2) / 2
    assert low == pytest.approx((1 - half) ** 2, rel=1e-4)
    assert high == pytest.approx(np.exp(2.2622 * np.sqrt(0.2)), rel=1e-4)
    fitted = load_calibration(out)
    # Twenty misses and ten hits.
    assert fitted.calibration([0.3, 0.9]) == pytest.approx(
        [0.5 / 21, 10.5 / 11]
    )
    assert fitted.settings.score_thr == 0.05
    assert fitted.heights_mm == (20, 20)
    assert fitted.choose(fps_per_image=1.5).fps_per_image == 1.5


def test_volumes_that_ran_with_other_settings(volumes, tmp_path, capsys):
    path = volumes.parent / 'found/v3/lesions.json'
    document = json.loads(path.read_text())
    document['provenance']['step_mm'] = 2
    path.write_text(json.dumps(document))
    with pytest.raises(SystemExit):
        run_volumes(volumes, tmp_path / 'calibration.json')
    assert '--step-mm none, here 2.0' in capsys.readouterr().err


def test_results_of_slices_are_one_file(mini_data, results, tmp_path, capsys):
    out = tmp_path / 'calibration.json'
    dets = ['--dets', str(results), str(results), '--out', str(out)]
    with pytest.raises(SystemExit):
        main(['--ann', str(mini_data / 'train.json'), *dets])
    assert '--dets must be one results JSON' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(['--dets', str(results), '--out', str(out)])
    assert '--volumes --ann is required' in capsys.readouterr().err


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
        (
            {
                'operating_point': {
                    'score_thr': 1,
                    'fps_per_image': 0,
                    'sensitivity': 1,
                    'fps_per_image_95': [1],
                }
            },
            'two numbers or null',
        ),
        ({'unit': 'volume'}, "`unit` must be 'image' in a file of the format"),
        ({'format': 'mmuldor-calibration-3'}, "`unit` must be 'volume'"),
        ({'overlap_iou': 2}, '`overlap_iou` must be a number above 0'),
        ({'settings': [1]}, '`settings` must be an object or null'),
        ({'quality': {'brier_skill': 'a'}}, '`quality` must hold numbers'),
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
    assert 'must be a fraction above 0 and up to 1' in capsys.readouterr().err
    assert not (tmp_path / 'c.json').exists()


def test_annotations_of_other_origin(mini_data, results, tmp_path, capsys):
    """Boxes and categories alone give the same file."""
    theirs = json.loads((mini_data / 'train.json').read_text())
    for image in theirs['images']:
        del image['spacing_mm'], image['patient']
    for entry in theirs['annotations']:
        del entry['recist_px']
        entry['category_id'] = 7
    theirs['annotations'].append({**entry, 'id': 999, 'category_id': 2})
    names = {2: 'liver', 7: 'finding'}
    theirs['categories'] = [{'id': i, 'name': n} for i, n in names.items()]
    path = tmp_path / 'train.json'
    path.write_text(json.dumps(theirs))
    with pytest.raises(SystemExit):
        run(tmp_path, results, tmp_path / 'c.json')
    assert '--lesion-category' in capsys.readouterr().err
    wanted = ('--lesion-category', 'finding')
    run(tmp_path, results, tmp_path / 'c.json', *wanted)
    run(mini_data, results, tmp_path / 'ours.json')
    ours, found = (
        load_calibration(tmp_path / name) for name in ('ours.json', 'c.json')
    )
    assert found.operating_point == ours.operating_point
    with pytest.raises(SystemExit):
        main(['--volumes', 'v', '--dets', 'd', '--out', 'o', *wanted])
    assert 'must be used with --ann' in capsys.readouterr().err
