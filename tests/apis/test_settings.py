import numpy as np
import pytest

from mmuldor.apis.infer import infer_scan
from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.apis.settings import check_device, check_settings
from mmuldor.scans.volume import Volume
from tests.support.small_configs import narrow_mask_rcnn, save_untrained

WRONG = [
    (
        {'score_thr': 30},
        '`score_thr` must be a number from 0 to 1, but got 30',
    ),
    ({'score_thr': float('nan')}, '`score_thr` must be a number from 0 to 1'),
    ({'score_thr': '0.5'}, "`score_thr` must be .*, but got '0.5'"),
    ({'step_mm': -3}, '`step_mm` must be a number above 0, but got -3'),
    ({'step_mm': float('inf')}, '`step_mm` must be a number above 0'),
    ({'batch_size': 0}, '`batch_size` must be an integer of 1 or more'),
    ({'batch_size': 2.5}, '`batch_size` must be an integer of 1 or more'),
    ({'batch_size': True}, '`batch_size` must be an integer of 1 or more'),
    ({'fps_per_volume': -1}, '`fps_per_volume` must be a number of 0 or more'),
    ({'sensitivity': 90}, '`sensitivity` must be a fraction above 0'),
    ({'max_pictures': -1}, '`max_pictures` must be an integer of 0 or more'),
    (
        {'fps_per_volume': 1, 'score_thr': 0.5},
        'in one way, but got `score_thr` and `fps_per_volume`',
    ),
    (
        {'fps_per_volume': 1, 'sensitivity': 0.5},
        'in one way, but got `fps_per_volume` and `sensitivity`',
    ),
]


@pytest.mark.parametrize(('wrong', 'match'), WRONG)
def test_wrong_settings_are_refused_before_anything_is_read(wrong, match):
    with pytest.raises(ValueError, match=match):
        check_settings(**wrong)
    with pytest.raises(ValueError, match=match):
        infer_scan('no.nii', narrow_mask_rcnn(), 'no.pth', 'out', **wrong)


def test_right_settings():
    check_settings(score_thr=0, batch_size=np.int64(1), step_mm=None)
    check_settings(
        score_thr=np.float32(1), max_pictures=0, fps_per_volume=None
    )
    check_device(None)
    check_device('cpu')


@pytest.mark.parametrize('device', ['banana', 'cuda:99', 'meta'])
def test_a_device_that_is_not_there(device):
    match = f"`device` must be a device that .*, cpu.*, but got '{device}'"
    with pytest.raises(ValueError, match=match):
        check_device(device)
    with pytest.raises(ValueError, match=match):
        LesionDetector(narrow_mask_rcnn(), 'no.pth', device)
    with pytest.raises(ValueError, match=match):
        infer_scan(
            *('no.nii', narrow_mask_rcnn(), 'no.pth', 'out'), device=device
        )


def test_a_detector_checks_what_it_is_given(tmp_path):
    config = narrow_mask_rcnn()
    checkpoint = save_untrained(config, tmp_path / 'w.pth')
    with pytest.raises(ValueError, match='`score_thr` must be'):
        LesionDetector(config, checkpoint, 'cpu', 1.5)
    detector = LesionDetector(config, checkpoint, 'cpu')
    volume = Volume(np.zeros((2, 32, 32), np.int16), np.eye(4))
    for wrong in (
        {'step_mm': 0},
        {'batch_size': 0},
        {'iou_thr': 0},
        {'max_gap_mm': -1.0},
    ):
        (name,) = wrong
        with pytest.raises(ValueError, match=f'`{name}` must be'):
            detector.detect(volume, **wrong)
    with pytest.raises(ValueError, match='`batch_size` must be'):
        detector.detect_slices(volume, batch_size=-1)
