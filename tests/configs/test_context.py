"""Fusion and distance of slices, from data to detections."""

import numpy as np
import pytest
from mmengine.config import Config

from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.apis.volumes.body_crop import BodyCrop
from mmuldor.datasets.transforms import LoadCTSlices
from mmuldor.scans.volume import Volume
from tests.support.small_configs import CONFIGS, save_untrained, train_briefly

RESAMPLED = (
    'mask-rcnn_r101_fpn_2mm-12e_deeplesion',
    'mask-rcnn_r18_fpn_2mm-5e_phantom',
)


def scores(detector, interval_mm):
    """Scores on the middle slice of three with a disc in the first alone."""
    rows, columns = np.ogrid[:64, :64]
    hu = np.full((3, 64, 64), -100, dtype=np.int16)
    hu[0, (rows - 32) ** 2 + (columns - 32) ** 2 < 100] = 200
    volume = Volume(hu, np.diag([1.2, 1.2, interval_mm, 1.0]), 'scan')
    found = detector.detect_slices(volume, slices=[1])
    return sorted(detection.score for detection in found)


@pytest.mark.parametrize('fusion', ['a3d', 'alignshift'])
@pytest.mark.slow
def test_a_model_learns_and_hears_of_the_distance_of_slices(
    fusion, mini_data, tmp_path
):
    path = CONFIGS / f'slices/{fusion}_densenet_fpn_3slices-5e_phantom.py'
    val_loss, detector = train_briefly(path, mini_data, tmp_path)
    assert np.isfinite(val_loss)
    at_2_mm, at_5_mm = scores(detector, 2.0), scores(detector, 5.0)
    assert at_2_mm
    # A3D has a weight a slice, whatever its distance.
    assert (at_2_mm == at_5_mm) == (fusion == 'a3d')


def test_slices_whose_distance_is_a_channel_are_cropped_to_the_body(
    monkeypatch, tmp_path
):
    # AlignShift: the distance of the slices is the same on every window.
    path = CONFIGS / 'slices/alignshift_densenet_fpn_3slices-5e_phantom.py'
    config = Config.fromfile(path)
    weights = save_untrained(config, tmp_path / 'w.pth')
    seen, windows = [], BodyCrop.windows

    def watched(crop, indices):
        seen.append(windows(crop, indices))
        return seen[-1]

    monkeypatch.setattr(BodyCrop, 'windows', watched)
    hu = np.full((6, 256, 256), -1000, dtype=np.int16)
    rows, columns = np.ogrid[:256, :256]
    body = (columns - 162) ** 2 + (rows - 162) ** 2 < 40**2
    noise = np.random.default_rng(0).normal(40, 60, (6, body.sum()))
    hu[:, body] = noise
    volume = Volume(hu, np.diag([1.2, 1.2, 2.0, 1.0]), 'scan')
    detector = LesionDetector(config, weights, 'cpu', 0.0)
    assert detector.detect_slices(volume, batch_size=3)
    # 162 - 40 - 4 = 118 begins at 96, 162 + 40 + 4 = 206 ends at 224.
    assert {window for ((window, _),) in seen} == {(96, 96, 224, 224)}


@pytest.mark.parametrize('name', RESAMPLED)
def test_all_pipelines_load_the_same_slices(name):
    config = Config.fromfile(CONFIGS / f'slices/{name}.py')
    pipelines = [
        config[f'{split}_dataloader'].dataset.pipeline
        for split in ('train', 'val', 'test')
    ]
    for pipeline in (*pipelines, config.val_loss_pipeline):
        load = dict(pipeline[0])
        assert load.pop('type') == 'mmuldor.LoadCTSlices'
        step = LoadCTSlices(**load)
        # Slices of 1 mm: every second. Of 5 mm: 2 / 5 of the way.
        for interval_mm, positions in (
            (1.0, [8.0, 10.0, 12.0]),
            (5.0, [9.6, 10.0, 10.4]),
        ):
            facts = dict(
                key_slice=10, slice_range=(1, 20), img_path='x/010.png'
            )
            found = step.positions({**facts, 'slice_interval_mm': interval_mm})
            assert found == pytest.approx(positions)


@pytest.mark.parametrize('name', RESAMPLED)
def test_nothing_else_differs_from_mask_rcnn(name):
    config = Config.fromfile(CONFIGS / f'slices/{name}.py').to_dict()
    plain = name.replace('_2mm-', '_')
    other = Config.fromfile(CONFIGS / f'mask_rcnn/{plain}.py').to_dict()
    for key in ('model', 'optim_wrapper', 'param_scheduler', 'train_cfg'):
        assert config[key] == other[key]
    for split in ('train', 'val', 'test'):
        own, others = (
            c[f'{split}_dataloader']['dataset'] for c in (config, other)
        )
        assert own['pipeline'][1:] == others['pipeline'][1:]
        assert {k: v for k, v in own.items() if k != 'pipeline'} == {
            k: v for k, v in others.items() if k != 'pipeline'
        }
