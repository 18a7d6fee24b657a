"""The benchmarks compare only what gives the same answer."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.registry import DATASETS, MODELS, init_default_scope

from benchmarks import bench_froc, bench_masks, bench_ops
from benchmarks.bench_mining import every_mask
from benchmarks.inputs import synthetic_detections, synthetic_truth
from benchmarks.models import build
from mmuldor.engine.detection.candidates import TwoStageCandidates
from mmuldor.engine.mining_round import mine
from mmuldor.mining.rule import MiningRule


@pytest.fixture
def split():
    truth = synthetic_truth(60)
    return truth, synthetic_detections(truth, 900)


@pytest.mark.parametrize('loops', ['in_loops', 'in_lean_loops'])
def test_loops_give_the_froc_of_arrays(split, loops):
    ours = bench_froc.evaluate_slices(*split).summary.sensitivity
    assert 0 < ours[0] < ours[-1] <= 1
    np.testing.assert_allclose(getattr(bench_froc, loops)(*split), ours)


def test_another_froc_is_not_timed(split, monkeypatch):
    monkeypatch.setattr(bench_froc, 'in_loops', lambda *_: [0.5] * 7)
    with pytest.raises(AssertionError):
        bench_froc.check(*split, 'synthetic')


def test_n_log_n_grows_by_one():
    few, many = bench_froc.LARGE
    seconds = {'few': [1.0, 2.0, 4.0]}
    seconds['many'] = [many * np.log(many) / (few * np.log(few))] * 3
    low, middle, high = bench_froc.beyond_n_log_n(seconds)
    assert (low, middle, high) == pytest.approx((1 / 4, 1 / 2, 1))


def test_user_time_is_that_of_code():
    numbers = np.random.default_rng(0).random(10**6)
    assert 0 < bench_froc.user_seconds(lambda: np.sort(numbers)) < 5


def test_operators_that_differ_are_not_timed():
    boxes = torch.tensor([[0.0, 0, 9, 9], [1, 0, 10, 9], [50, 50, 60, 60]])

    def work(module):
        return [module.nms(boxes, torch.tensor([3.0, 2, 1]), 0.5, 0)]

    row = bench_ops.compare('NMS', work, bench_ops.STAND_IN, 2)
    assert row['value'] > 0
    assert set(row['kinds']) == {'stand-in', 'compiled'}
    other = SimpleNamespace(nms=lambda *_: torch.tensor([0, 1, 2]))
    with pytest.raises(AssertionError):
        bench_ops.compare('NMS', work, other, 2)


def test_a_one_class_model_starts_the_timed_one(mini_config, tmp_path):
    init_default_scope('mmdet')
    for head in ('bbox_head', 'mask_head'):
        mini_config.model.roi_head[head].num_classes = 1
    torch.manual_seed(7)
    lesion = MODELS.build(mini_config.model)
    torch.save({'state_dict': lesion.state_dict()}, tmp_path / 'one.pth')
    for head in ('bbox_head', 'mask_head'):
        mini_config.model.roi_head[head].num_classes = 2
    model, _ = build(mini_config, tmp_path / 'one.pth', 'cpu')
    found = model.roi_head.bbox_head.fc_cls.weight
    trained = lesion.roi_head.bbox_head.fc_cls.weight
    # The lesion is first, the background last.
    assert torch.equal(found[[0, -1]], trained)
    assert len(found) == 3


PAIRS = np.array(
    [
        [[100, 100], [140, 100], [120, 90], [120, 115]],
        [[10, 40], [90, 40], [50, 50], [50, 95]],
    ],
    dtype=float,
)


def test_masks_of_both_kinds_are_the_same_lesions():
    agreement = bench_masks.check(PAIRS)['agreement']
    assert set(agreement) == {'point by point', 'lesion by lesion'}
    assert all(kind['dice_1_percent'] > 0.97 for kind in agreement.values())


def test_other_masks_are_not_timed(monkeypatch):
    outline = bench_masks.outline
    monkeypatch.setattr(bench_masks, 'outline', lambda pair: outline(pair + 9))
    with pytest.raises(AssertionError, match='point by point: Dice'):
        bench_masks.check(PAIRS)


def test_mining_with_every_mask_chooses_the_same(mini_config):
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(mini_config.model).eval()
    model.init_weights()
    dataset = DATASETS.build(mini_config.train_dataloader.dataset)
    pipeline = mini_config.val_dataloader.dataset.pipeline
    rule = MiningRule(min_score=0.0, score_thr=0.02)
    touching = TwoStageCandidates.touching

    def mining():
        return mine(model, dataset, pipeline, rule, epoch=0)

    whole = every_mask(mining)
    assert whole['counts']['mined'] > 0
    assert whole == mining()
    assert TwoStageCandidates.touching is touching
