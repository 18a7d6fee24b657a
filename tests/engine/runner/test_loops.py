"""One pass over the features gives what several passes gave."""

import copy

import numpy as np
import pytest
import torch
from mmdet.models.dense_heads import RPNHead
from mmengine.hooks import Hook
from mmengine.registry import MODELS, init_default_scope
from mmengine.runner import Runner

import mmuldor.registry  # noqa: F401
from mmuldor.engine.detection.image_losses import other_classes_as_background
from mmuldor.engine.hooks.val_loss_hook import ValLossHook
from mmuldor.engine.runner.loops import DetectionValLoop


class Watch(Hook):
    """Keeps what a validation predicts."""

    def __init__(self, needs_masks=False):
        self.needs_masks = needs_masks
        self.found = {}

    def after_val_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        for sample in outputs:
            self.found[sample.img_id] = sample.pred_instances


def validate(config, needs_masks=False):
    torch.manual_seed(0)
    runner = Runner.from_cfg(copy.deepcopy(config))
    model = runner.model
    model.init_weights()
    with torch.no_grad():
        # Untrained scores are all alike.
        model.roi_head.bbox_head.fc_cls.weight.mul_(60)
    watch = Watch(needs_masks)
    runner.register_hook(watch)
    loss = next(h for h in runner.hooks if isinstance(h, ValLossHook))
    loss.before_train(runner)
    metrics = runner.val_loop.run()
    return metrics, watch.found, runner, loss


@pytest.fixture
def config(mini_config):
    mini_config.model.test_cfg.rcnn.score_thr = 0.01
    return mini_config


def test_one_pass_gives_what_two_passes_give(config):
    one, found, runner, loss = validate(config)
    assert isinstance(runner.val_loop, DetectionValLoop)
    assert loss._loader is None
    config.val_cfg = dict(type='ValLoop')
    two, expected, _, loss = validate(config)
    assert loss._loader is not None
    assert one == two
    assert sum(map(len, found.values())) > 10
    assert 'val_loss' in one
    for image_id, instances in expected.items():
        assert torch.equal(found[image_id].bboxes, instances.bboxes)
        assert torch.equal(found[image_id].scores, instances.scores)
        assert torch.equal(found[image_id].labels, instances.labels)


def test_masks_are_there_for_who_uses_them(config, tmp_path):
    _, without, _, _ = validate(config)
    assert not any('masks' in found for found in without.values())
    _, drawn, _, _ = validate(config, needs_masks=True)
    assert all('masks' in found for found in drawn.values())
    config.val_evaluator.out = str(tmp_path / 'results.json')
    _, written, _, _ = validate(config)
    assert all('masks' in found for found in written.values())
    for image_id, found in written.items():
        assert torch.equal(found.bboxes, without[image_id].bboxes)


def test_a_metric_that_does_not_say_is_given_masks(config, mini_data):
    config.val_evaluator = [
        config.val_evaluator,
        dict(type='mmdet.DumpDetResults', out_file_path='results.pkl'),
    ]
    runner = Runner.from_cfg(config)
    assert runner.val_loop._needs_masks()


def test_features_are_computed_once_for_a_batch(config, monkeypatch):
    calls = []
    init_default_scope('mmdet')
    kind = type(MODELS.build(config.model.backbone))
    forward = kind.forward
    monkeypatch.setattr(
        kind,
        'forward',
        lambda self, x: calls.append(len(x)) or forward(self, x),
    )
    validate(config)
    assert calls == [1, 1]


def test_proposals_are_computed_once_where_limits_are_the_same(
    config, monkeypatch
):
    calls = []
    predict = RPNHead.predict_by_feat
    monkeypatch.setattr(
        RPNHead,
        'predict_by_feat',
        lambda *args, **options: calls.append(1) or predict(*args, **options),
    )
    config.model.test_cfg.rpn = config.model.train_cfg.rpn_proposal
    validate(config)
    assert calls == [1, 1]
    calls.clear()
    config.model.test_cfg.rpn = dict(config.model.test_cfg.rpn, nms_pre=7)
    validate(config)
    assert calls == [1] * 4


def test_batches_of_several_images_give_the_same(config):
    one, found, _, _ = validate(config)
    config.val_dataloader.batch_size = 2
    two, together, _, _ = validate(config)
    assert one == pytest.approx(two, abs=1e-4)
    for image_id, instances in found.items():
        assert len(together[image_id]) == len(instances)


def test_another_image_in_the_pipeline_means_another_pass(config):
    config.val_loss_pipeline[-2].spacing_mm = 0.6
    metrics, _, _, loss = validate(config)
    assert loss._loader is not None
    assert 'val_loss' in metrics


def test_losses_are_those_of_the_stock_detector(config):
    metrics, _, runner, loss = validate(config)
    images, found = runner.val_dataloader, []
    with torch.no_grad():
        for batch in images:
            data = runner.model.data_preprocessor(batch, False)
            image_id = data['data_samples'][0].img_id
            torch.manual_seed(loss.seed + (image_id << 16))
            with other_classes_as_background(runner.model, 1):
                losses = runner.model(**data, mode='loss')
            found.append(runner.model.parse_losses(losses)[0].item())
    assert metrics['val_loss'] == pytest.approx(np.mean(found), rel=1e-6)
