"""What a calibration may say about a volume, and where it is refused."""

from dataclasses import replace

import numpy as np
import pytest

from mmuldor.evaluation.calibration.calibration_file import (
    CalibrationFile,
    load_calibration,
    write_calibration,
)
from mmuldor.evaluation.calibration.fp_interval import RateInterval
from mmuldor.evaluation.calibration.isotonic import Calibration
from mmuldor.evaluation.calibration.operating_points import OperatingPoint
from mmuldor.evaluation.calibration.run_settings import RunSettings
from mmuldor.evaluation.calibration.use_on_volumes import (
    calibration_for_volumes,
    check_of_volumes,
    height_notes,
    settings_notes,
)

POINTS = [
    OperatingPoint(0.9, 0.5, 0.3, RateInterval(0.2, 1.1)),
    OperatingPoint(0.7, 4.0, 0.6, RateInterval(3.0, 5.3)),
]
OF_VOLUMES = CalibrationFile(
    Calibration(np.array([0.1, 1.0]), np.array([0.02, 0.8])),
    POINTS[1],
    POINTS,
    {'volumes': 80, 'lesions': 90, 'detections': 5000},
    {'score': 0.2, 'calibrated': 0.1},
    unit='volume',
    quality={'brier_skill': None, 'calibration_error': 0.02},
    settings=RunSettings(0.05, 2.0, None, 'c', 'd'),
    heights_mm=(100.0, 400.0),
    overlap_iou=0.2,
    hit={'hit': 'iou', 'iou_thr': 0.1},
)
OF_SLICES = replace(
    OF_VOLUMES,
    unit='image',
    settings=None,
    heights_mm=None,
    hit={},
    overlap_iou=None,
)


KEPT = (
    'operating_point', 'operating_points', 'counts', 'brier', 'unit',
    'quality', 'settings', 'heights_mm', 'hit', 'overlap_iou',
)  # fmt: skip


@pytest.fixture
def files(tmp_path):
    paths = {}
    for fitted in (OF_VOLUMES, OF_SLICES):
        paths[fitted.unit] = tmp_path / f'{fitted.unit}.json'
        write_calibration(paths[fitted.unit], fitted)
    return paths


@pytest.mark.parametrize('fitted', [OF_VOLUMES, OF_SLICES])
def test_a_file_is_read_as_it_was_written(files, fitted):
    found = load_calibration(files[fitted.unit])
    for name in KEPT:
        assert getattr(found, name) == getattr(fitted, name)
    assert found.calibration(0.55) == pytest.approx(0.41)


def test_a_calibration_of_volumes(files):
    found, notes = calibration_for_volumes(files['volume'])
    assert found.operating_point == POINTS[1]
    assert notes == [
        'operating point: score threshold 0.7000, 4.00 FPs per volume (95 %: '
        '3.00 to 5.30), sensitivity 60.0 %'
    ]
    found, _ = calibration_for_volumes(files['volume'], fps_per_volume=1)
    assert found.operating_point == POINTS[0]
    found, notes = calibration_for_volumes(files['volume'], score_thr=0.2)
    assert (found.unit, notes) == ('volume', [])
    check_of_volumes(found)


def test_a_calibration_of_key_slices_is_not_used(files):
    found, (note,) = calibration_for_volumes(files['image'])
    assert found is None
    assert note.startswith('NO PROBABILITIES')
    assert 'calibrate.py --volumes' in note
    for options in ({'fps_per_volume': 1.0}, {'sensitivity': 0.5}):
        with pytest.raises(ValueError, match=r'one of key slices.*--volumes'):
            calibration_for_volumes(files['image'], **options)
    with pytest.raises(ValueError, match='one of key slices'):
        check_of_volumes(OF_SLICES)


def test_no_calibration():
    assert calibration_for_volumes(None) == (None, [])
    with pytest.raises(ValueError, match='needs a calibration'):
        calibration_for_volumes(None, sensitivity=0.5)


def test_settings_are_compared():
    assert settings_notes(OF_VOLUMES, OF_VOLUMES.settings) == []
    (note,) = settings_notes(OF_VOLUMES, RunSettings(0.05, 3.0))
    assert note.startswith('THE CALIBRATION IS NOT VALID HERE')
    assert note.endswith('--step-mm 2.0, here 3.0')
    (note,) = settings_notes(replace(OF_VOLUMES, settings=None), RunSettings())
    assert 'not compared' in note


@pytest.mark.parametrize(
    ('height', 'noted'), [(80, 0), (79, 1), (500, 0), (501, 1)]
)
def test_heights_are_compared(height, noted):
    notes = height_notes(OF_VOLUMES, height)
    assert len(notes) == noted
    assert height_notes(replace(OF_VOLUMES, heights_mm=None), height) == []
