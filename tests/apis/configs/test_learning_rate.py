"""The learning rate follows the batch, where nobody typed it."""

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import LinearLR

from mmuldor.apis import load_config, train_detector
from mmuldor.engine.runner.learning_rate import scaling, warm_up

SMALL = 'configs/mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py'
FULL = 'configs/mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py'
RATE = 'optim_wrapper.optimizer.lr'


def optimizer(kind, lr=0.1):
    return kind([torch.nn.Parameter(torch.zeros(1))], lr=lr)


@pytest.mark.parametrize(
    ('kind', 'factor'),
    [
        (torch.optim.SGD, 8),
        (torch.optim.AdamW, 8**0.5),
        (torch.optim.Adam, 8**0.5),
        (torch.optim.RMSprop, 8**0.5),
    ],
)
def test_sgd_is_linear_and_adaptive_kinds_go_by_the_root(kind, factor):
    assert scaling(optimizer(kind), 16, 2)[0] == pytest.approx(factor)


@pytest.mark.parametrize('base', [0, -2, 2.0, None, True, '2'])
def test_a_base_batch_that_is_no_number_is_refused(base):
    with pytest.raises(ValueError, match='base_batch_size'):
        scaling(optimizer(torch.optim.SGD), 16, base)


def test_a_warm_up_starts_at_the_configs_rate():
    steps = [dict(type='StepLR', by_epoch=True, step_size=4)]
    (first, added) = warm_up(steps, 8, 1000)
    assert first == steps[0]
    assert (added['start_factor'], added['end']) == (1 / 8, 500)
    assert warm_up(steps, 8, 30)[1]['end'] == 30
    # A smaller batch needs none, and a config's own is enough.
    assert warm_up(steps, 0.5, 1000) == steps
    own = [dict(type='LinearLR', by_epoch=False, begin=0, end=9), *steps]
    assert warm_up(own, 8, 1000) == own


@pytest.mark.parametrize(
    ('schedule', 'is_enough'),
    [
        (dict(type='CosineAnnealingLR', by_epoch=False, T_max=9), False),
        (dict(type='PolyLR', by_epoch=False, begin=0, end=9), False),
        (dict(type='LinearLR', start_factor=1.0, end_factor=0.1), False),
        (dict(type='ConstantLR', factor=0.1, by_epoch=False, end=9), True),
        (dict(type='LinearLR', by_epoch=True, end=1), True),
        (dict(type='mmengine.LinearLR', by_epoch=False, end=9), True),
        (dict(type=LinearLR, by_epoch=False, end=9), True),
        (dict(type='LinearLR', by_epoch=False, begin=5, end=9), False),
        (dict(type='OneCycleLR', by_epoch=False, eta_max=1.0), True),
    ],
)
def test_only_what_rises_from_the_start_is_a_warm_up(schedule, is_enough):
    assert (warm_up([schedule], 8, 1000) == [schedule]) == is_enough


@pytest.mark.parametrize(
    ('options', 'enabled'),
    [
        (None, True),
        ({'train_dataloader.batch_size': 8}, True),
        ({'optim_wrapper.optimizer.weight_decay': 0.1}, True),
        ({RATE: 0.01}, False),
        ({'optim_wrapper.optimizer': dict(type='SGD', lr=0.01)}, False),
        ({'optim_wrapper': dict(optimizer=dict(lr=0.01))}, False),
        ({'auto_scale_lr.enable': False}, False),
    ],
)
def test_a_typed_rate_is_left_alone(root, options, enabled):
    config = load_config(str(root / FULL), cfg_options=options)
    assert config.auto_scale_lr.enable is enabled


def test_a_rate_beside_its_batch_is_left_alone(root, tmp_path):
    path = tmp_path / 'own.py'
    head = f"_base_ = '{root / FULL}'\n"
    rate = 'optim_wrapper = dict(optimizer=dict(lr=0.004))\n'
    batch = 'train_dataloader = dict(batch_size=8)\n'
    for text, enabled in (
        (batch, True),
        (rate, True),
        (rate + batch, False),
        (rate + batch + 'auto_scale_lr = dict(base_batch_size=4)\n', True),
    ):
        path.write_text(head + text)
        assert load_config(str(path)).auto_scale_lr.enable is enabled


def first_rates(config, tmp_path, name, **options):
    """Learning rates of the iterations of a short training."""
    config = Config(config.to_dict(), filename=config.filename)
    config.work_dir = str(tmp_path / name)
    config.train_cfg.update(max_epochs=1, val_interval=9)
    config.default_hooks.logger.interval = 1
    config.merge_from_dict(options.pop('options', {}))
    train_detector(config, **options)
    log = next((tmp_path / name).glob('*/*.log')).read_text()
    rates = [
        float(line.partition(' lr: ')[2].split()[0])
        for line in log.splitlines()
        if ' lr: ' in line
    ]
    return rates, log


@pytest.fixture
def short(mini_config):
    """Three iterations of two images by SGD, no HNEM."""
    del mini_config.default_hooks['hnem']
    pipeline = mini_config.train_dataloader.dataset.pipeline
    pipeline[:] = [
        step for step in pipeline if 'HardNegatives' not in step['type']
    ]
    mini_config.log_level = 'INFO'
    mini_config.optim_wrapper = dict(
        type='OptimWrapper', optimizer=dict(type='SGD', lr=0.001)
    )
    mini_config.param_scheduler = [
        dict(type='StepLR', by_epoch=True, step_size=4)
    ]
    return mini_config


def test_a_training_scales_warms_up_and_says_so(short, tmp_path):
    plain, log = first_rates(short, tmp_path, 'plain')
    assert plain == pytest.approx([0.001] * 3)
    options = {'train_dataloader.batch_size': 3}
    larger, log = first_rates(short, tmp_path, 'larger', options=options)
    # From the config's own rate to 1.5 times it.
    assert larger[0] == pytest.approx(0.001)
    assert larger[-1] == pytest.approx(0.0015)
    text = 'learning rate 0.001 for 2 images an iteration becomes 0.0015 for 3'
    assert text in log
    off, log = first_rates(
        short, tmp_path, 'off', options=options, auto_scale_lr=False
    )
    assert off == pytest.approx([0.001] * 2)
    _accumulated, log = first_rates(
        short,
        tmp_path,
        'accumulated',
        options={'optim_wrapper.accumulative_counts': 2},
    )
    assert 'becomes 0.002 for 4' in log


def test_a_resumed_training_keeps_its_rate(short, tmp_path):
    short.param_scheduler = []
    options = {'train_dataloader.batch_size': 3}
    first_rates(short, tmp_path, 'run', options=options)
    path = str(tmp_path / 'run/epoch_1.pth')
    options['train_cfg.max_epochs'] = 2
    rates, log = first_rates(
        short, tmp_path, 'again', options=options, resume=path
    )
    assert rates == pytest.approx([0.0015] * 2)
    assert 'images an iteration, and now' not in log
    options['train_dataloader.batch_size'] = 2
    rates, log = first_rates(
        short, tmp_path, 'other', options=options, resume=path
    )
    assert rates == pytest.approx([0.0015] * 3)
    assert 'with 3 images an iteration, and now there are 2' in log


def test_a_resumed_training_gets_no_second_warm_up(short, tmp_path):
    first_rates(short, tmp_path, 'run')
    options = {
        'train_dataloader.batch_size': 3,
        'train_cfg.max_epochs': 3,
        'optim_wrapper.accumulative_counts': 2,
    }
    rates, log = first_rates(
        short, tmp_path, 'more', options=options,
        resume=str(tmp_path / 'run/epoch_1.pth'),
    )  # fmt: skip
    assert rates == pytest.approx([0.001] * 4)
    assert 'with 2 images an iteration, and now there are 6' in log
    # Two iterations an epoch now, three before: neither half nor the end.
    assert 'trained again' not in log
    assert 'has ended' not in log


def test_a_resumed_training_ends_its_warm_up(short, tmp_path):
    options = {
        'auto_scale_lr.base_batch_size': 1,
        'default_hooks.checkpoint.by_epoch': False,
        'default_hooks.checkpoint.max_keep_ckpts': -1,
    }
    rates, _ = first_rates(short, tmp_path, 'run', options=options)
    assert rates == pytest.approx([0.001, 0.0015, 0.002])
    options['train_dataloader.batch_size'] = 1
    rates, _ = first_rates(
        short, tmp_path, 'fewer', options=options,
        resume=str(tmp_path / 'run/iter_1.pth'),
    )  # fmt: skip
    assert rates == pytest.approx([0.0015, *[0.002] * 5])
