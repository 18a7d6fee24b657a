"""The variant of the configs whose masks fit masks drawn by hand."""

import numpy as np
import pytest
from mmengine.config import Config

from benchmarks.human_masks.run import RESULT
from mmuldor.apis.browse import build_split
from mmuldor.functional.recist import PseudoMask
from mmuldor.io.json_files import read_json
from tests.support.small_configs import read_mini_data, with_masks

FITTED = PseudoMask(grow_px=0.6, offset_px=(0.4, 0.6))


@pytest.fixture(params=['r101_fpn_12e_deeplesion', 'r18_fpn_5e_phantom'])
def config(request, tmp_path):
    name = f'mask_rcnn/mask-rcnn_{request.param}'
    return with_masks(name, 'fitted_masks', tmp_path)


def pseudo_mask(pipeline):
    (step,) = [s for s in pipeline if s['type'] == 'mmuldor.RecistToMask']
    return PseudoMask(**{k: v for k, v in step.items() if k != 'type'})


def test_the_values_are_those_that_the_benchmark_found():
    shapes = read_json(RESULT)['tuning']['shapes']
    best = shapes['quarter_ellipses']['offset, growth']['on_all']
    assert tuple(best['offset_px']) == FITTED.offset_px
    assert best['grow_px'] == FITTED.grow_px


def test_training_and_validation_loss_have_the_same_masks(config, root):
    dataset = config.train_dataloader.dataset
    assert pseudo_mask(dataset.pipeline) == FITTED
    assert pseudo_mask(config.val_loss_pipeline) == FITTED
    # The config below it stays as the paper.
    plain = Config.fromfile(
        root / 'configs/mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py'
    )
    assert pseudo_mask(plain.train_dataloader.dataset.pipeline) == PseudoMask()
    assert pseudo_mask(plain.val_loss_pipeline) == PseudoMask()


def test_targets_are_moved_and_nothing_else(config, mini_data):
    """Discs of 6 to 10 px, after resizing to 0.8 or 1.2 mm a pixel."""
    read_mini_data(config, mini_data)
    steps = config.train_dataloader.dataset.pipeline
    (flip,) = [step for step in steps if step['type'] == 'RandomFlip']
    flip.prob = 0.0
    samples = [build_split(config, 'train')[0]['data_samples']]
    steps[2].update(grow_px=0.0, offset_px=(0.0, 0.0))
    samples.append(build_split(config, 'train')[0]['data_samples'])
    fitted, paper = (sample.gt_instances for sample in samples)
    assert (fitted.bboxes.numpy() == paper.bboxes.numpy()).all()
    ((one,),), ((other,),) = fitted.masks.masks, paper.masks.masks
    one, other = one.reshape(-1, 2), other.reshape(-1, 2)
    scale = samples[0].scale_factor
    moved = (one.mean(axis=0) - other.mean(axis=0)) / scale
    np.testing.assert_allclose(moved, FITTED.offset_px, atol=1e-3)
    wider = (np.ptp(one, axis=0) - np.ptp(other, axis=0)) / scale
    np.testing.assert_allclose(wider, 2 * FITTED.grow_px, atol=1e-3)
