"""Operations of a training step, and what follows from them."""

import pytest
import torch
from mmengine.config import Config
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.cost import run
from benchmarks.cost.count import Cost, count
from benchmarks.cost.estimate import (
    IMAGES_A_GPU,
    PEAK,
    TRAIN_IMAGES,
    hours,
    operations,
    plans,
)
from benchmarks.cost.memory import KeptForBackward
from benchmarks.cost.page import page
from mmuldor.io.json_files import read_json
from tests.support.small_configs import CONFIGS, narrow_mask_rcnn

FULL = CONFIGS / 'mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py'


def test_what_the_counter_counts():
    # 3 x 3 x 4 products for each of 8 x 10 x 10 values, two operations each.
    conv = torch.nn.Conv2d(4, 8, 3, padding=1)
    with FlopCounterMode(display=False) as counter:
        conv(torch.zeros(1, 4, 10, 10))
    assert counter.get_total_flops() == 2 * 36 * 800


def test_an_image_four_times_as_large():
    # Without RoIs, all operations are convolutions over the image.
    config = Config.fromfile(
        CONFIGS / 'detectors/retinanet_r18_fpn_5e_phantom.py'
    )
    cost, larger = count(config, 64), count(config, 128)
    assert (cost.channels, cost.side_px, larger.side_px) == (3, 64, 128)
    assert cost.training == 3 * cost.forward
    # P7 has one cell in both.
    assert 3.9 * cost.forward < larger.forward <= 4 * cost.forward
    assert larger.parameters == cost.parameters
    # Anchors, too, are four times as many.
    assert 3.8 * cost.kept_bytes < larger.kept_bytes < 4.1 * cost.kept_bytes
    assert count(narrow_mask_rcnn(), 64) == count(narrow_mask_rcnn(), 64)


@pytest.mark.parametrize(
    'name',
    [
        'detectors/retinanet_r18_fpn_5e_phantom',
        'detectors/cascade-mask-rcnn_r18_fpn_5e_phantom',
        'detectors/rtmdet_tiny_5e_phantom',
        'slices/alignshift_densenet_fpn_3slices-5e_phantom',
        'slices/mvp-net_r18_fpn_3slices-5e_phantom',
        'uldor/uldor_r18_fpn_hnem-spare-2e_phantom',
    ],
)
def test_any_config(name):
    cost = count(Config.fromfile(CONFIGS / f'{name}.py'), 64)
    # ResNets and DenseNets of a few channels, 64 px.
    assert 1e7 < cost.forward < 1e10
    assert 1e6 < cost.kept_bytes < 1e8


def test_windows_moved_at_random_are_channels_too():
    config = Config.fromfile(
        CONFIGS / 'slices/mvp-net_r18_fpn_3slices-5e_phantom.py'
    )
    for step in config.train_dataloader.dataset.pipeline:
        if step['type'] == 'mmuldor.WindowHU':
            step['type'] = 'mmuldor.RandomWindowHU'
    assert count(config, 64).channels == 9


def test_memory_by_hand():
    # exp keeps its result of 40 bytes, and ten of them ten.
    x = torch.zeros(10, requires_grad=True)
    with KeptForBackward() as kept:
        for _ in range(10):
            x.exp()
        assert kept.bytes == 400
        # A product of one tensor with itself keeps it once, and views of it
        # are the same piece.
        y = x + 1
        y * y + y[:5].sum() * y[5:].sum()
    assert kept.bytes == 400 + 40 + 2 * 4


def test_parameters_are_no_memory_of_a_pass():
    layer = torch.nn.Linear(3, 2)
    image = torch.ones(5, 3)
    with KeptForBackward(layer.parameters()) as kept:
        out = layer(image).sum()
    # The input alone, 15 values.
    assert kept.bytes == 60
    with pytest.raises(RuntimeError, match='not kept'):
        out.backward()


def test_hours_by_hand():
    config = Config.fromfile(FULL)
    cost = Cost(3, 512, 1, forward=10**12, kept_bytes=0)
    # Twelve epochs: 22,496 steps of 3, and twice 4,793 forward passes of 1.
    expected = 12 * (22_496 * 3 + 2 * 4_793) * 1e12
    assert operations(config, cost) == expected
    assert hours(config, cost, 0.1) == expected / (PEAK * 0.1) / 3600
    mining = Config.fromfile(
        CONFIGS / 'uldor/uldor_r101_fpn_hnem-12e_deeplesion.py'
    )
    # Eleven rounds of mining.
    more = operations(mining, cost) - expected
    assert more == 11 * TRAIN_IMAGES * 1e12


def test_plans_of_sgd():
    one, eight, many = plans(Config.fromfile(FULL), [1, 8, 32])
    # 0.001 for two images.
    assert (one.batch, one.rate) == (16, 0.008)
    assert (eight.batch, eight.rate) == (64, 0.032)
    assert (many.batch, many.rate) == (128, 0.064)
    # 22,496 / 16 = 1,406; 351.5; 175.75.
    assert [p.iterations for p in (one, eight, many)] == [1406, 352, 176]
    assert [p.warm_up for p in (one, eight, many)] == [500, 352, 176]


def test_plans_of_adam():
    config = Config.fromfile(FULL)
    config.optim_wrapper.optimizer = dict(type='AdamW', lr=0.0001)
    one, many = plans(config, [1, 32])
    # sqrt(8) and 8.
    rates = [one.rate, many.rate]
    assert rates == pytest.approx([0.0001 * 8**0.5, 0.0008])
    assert (one.warm_up, many.warm_up) == (500, 176)
    # A warm-up of its own is kept, whatever an epoch's length.
    warm = dict(type='LinearLR', by_epoch=False, begin=0, end=1000)
    config.param_scheduler.insert(0, warm)
    assert [plan.warm_up for plan in plans(config, [1, 32])] == [1000, 1000]
    # By epochs, MMEngine's default, it is no warm-up of iterations.
    config.param_scheduler.append(dict(type='LinearLR', end=2000))
    assert [plan.warm_up for plan in plans(config, [1, 32])] == [1000, 1000]


def test_the_variant_has_these_batches():
    variant = Config.fromfile(CONFIGS / '_base_/schedules/gpus.py')
    names = {1: 'on_1_gpu', 8: 'on_8_gpus', 32: 'on_32_gpus'}
    for number, images in IMAGES_A_GPU.items():
        assert variant[names[number]].batch_size == images


def test_the_page_is_that_of_the_figures():
    document = read_json(run.RESULT)
    assert run.PAGE.read_text() == page(document)
    names = [entry['name'] for entry in document['configs']]
    assert names == [name.rpartition('/')[2] for name in run.CONFIGS]
    assert 'Hours are estimates' in run.PAGE.read_text()


def test_any_config_from_the_command_line(capsys):
    path = CONFIGS / 'faster_rcnn/faster-rcnn_r18_fpn_5e_phantom.py'
    run.main([str(path), '--side', '64'])
    said = capsys.readouterr().out
    assert '| faster-rcnn_r18_fpn_5e_phantom | 3 x 64 |' in said
    assert '| 32 | 128 |' in said
