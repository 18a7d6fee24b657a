"""A small model, a calibration of it, and how bundles are refused."""

import pytest

from mmuldor.apis import load_bundle
from tests.support.small_configs import narrow_mask_rcnn

POINT = {
    'score_thr': 0.0,
    'fps_per_volume': 4,
    'sensitivity': 0.8,
    'fps_per_volume_95': [2.9, 5.4],
}
CALIBRATION = {
    'format': 'mmuldor-calibration-3',
    'scores': [0.0, 1.0],
    'probabilities': [0.0, 0.5],
    'operating_point': POINT,
    'operating_points': [POINT],
    'counts': {'volumes': 80},
    'brier': {},
}


def little_mask_rcnn():
    """A narrow Mask R-CNN whose weights need a megabyte."""
    config = narrow_mask_rcnn()
    config.model.roi_head.bbox_head.fc_out_channels = 16
    return config


def refused(path, match):
    with pytest.raises(ValueError, match=match) as error:
        load_bundle(path)
    assert path.name in str(error.value)
