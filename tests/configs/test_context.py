"""Fusion of slices from data to detections."""

import json

import numpy as np
import pytest

from mmuldor.apis import train_detector
from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.scans.volume import Volume
from tests.support.small_configs import CONFIGS, configure


def scores(detector, interval_mm):
    """Scores on the middle slice of three with a disc in the first alone."""
    rows, columns = np.ogrid[:64, :64]
    hu = np.full((3, 64, 64), -100, dtype=np.int16)
    hu[0, (rows - 32) ** 2 + (columns - 32) ** 2 < 100] = 200
    volume = Volume(hu, np.diag([1.2, 1.2, interval_mm, 1.0]), 'scan')
    found = detector.detect_slices(volume, slices=[1])
    return sorted(detection.score for detection in found)


@pytest.mark.parametrize('fusion', ['a3d', 'alignshift'])
def test_a_model_learns_and_hears_of_the_distance_of_slices(
    fusion, mini_data, tmp_path
):
    path = CONFIGS / f'slices/{fusion}_densenet_fpn_3slices-5e_phantom.py'
    train_detector(configure(path, mini_data, tmp_path))
    scalars = sorted((tmp_path / 'work').glob('*/vis_data/scalars.json'))
    last = json.loads(scalars[-1].read_text().splitlines()[-1])
    assert np.isfinite(last['val_loss'])
    config = configure(path, mini_data, tmp_path)
    weights = str(tmp_path / 'work/epoch_1.pth')
    detector = LesionDetector(config, weights, 'cpu', 0.0)
    at_2_mm, at_5_mm = scores(detector, 2.0), scores(detector, 5.0)
    assert at_2_mm
    # A3D has a weight a slice, whatever its distance.
    assert (at_2_mm == at_5_mm) == (fusion == 'a3d')
