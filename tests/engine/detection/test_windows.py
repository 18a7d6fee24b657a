"""Where a window lies, and which detectors may run on one."""

from pathlib import Path

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

from mmuldor.engine.detection.surroundings import Window
from mmuldor.engine.detection.windows import (
    in_window,
    is_local,
    plain_network,
    window_around,
)

CONFIGS = Path(__file__).resolve().parents[3] / 'configs'
_TWO_STAGE = ('mask_rcnn', 'faster_rcnn', 'detectors/cascade', 'slices')


@pytest.mark.parametrize(
    ('box', 'window'),
    [
        # 200 / 2 - 4 = 96 begins at 64, 300 / 2 + 4 = 154 ends at
        # 64 + 3 * 32 = 160; rows: 20 / 2 - 4 = 6, 90 + 4 = 94 ends at 96.
        ((200, 20, 300, 180), (64, 0, 160, 96)),
        # 136 / 2 - 4 = 64 is on the grid, and 188 + 4 = 64 + 4 * 32.
        ((136, 136, 376, 376), (64, 64, 192, 192)),
        # The input ends at 250 x 240 px.
        ((280, 300, 500, 480), (128, 128, 250, 240)),
    ],
)
def test_a_window_by_hand(box, window):
    found = window_around(box, (0.5, 0.5), (240, 250), 64, 32)
    assert found == window
    assert Window(64, 0, 160, 96).area == 96 * 96


def test_a_window_is_larger_than_a_cell_of_the_grid():
    # 100 - 4 = 96 is on the grid; 116 + 4 = 120 alone would end at 128.
    found = window_around((100, 100, 116, 116), (1, 1), (256, 256), 32, 32)
    assert found == (96, 96, 160, 160)


def test_the_part_of_a_batch():
    inputs = torch.arange(2 * 64 * 96.0).view(2, 1, 64, 96)
    samples = [
        DetDataSample(metainfo=dict(img_shape=(60, 90))) for _ in range(2)
    ]
    data = in_window(
        dict(inputs=inputs, data_samples=samples), Window(32, 0, 96, 64)
    )
    assert data['inputs'].shape == (2, 1, 64, 64)
    # Row 1, column 32.
    assert data['inputs'][0, 0, 1, 0] == 96 + 32
    # The padding is no part of the image: 60 rows, 90 - 32 columns.
    assert [sample.img_shape for sample in samples] == [(60, 58)] * 2
    assert samples[0].window_offset == (32, 0)
    assert samples[0].batch_input_shape == (64, 64)


@pytest.mark.parametrize(
    ('name', 'plain', 'local'),
    [
        ('mask_rcnn/mask-rcnn_r18_fpn_5e', True, True),
        ('faster_rcnn/faster-rcnn_r18_fpn_5e', True, True),
        ('detectors/cascade-mask-rcnn_r18_fpn_5e', True, True),
        ('detectors/retinanet_r18_fpn_5e', True, True),
        ('slices/3dce_r18_fpn_9slices-5e', True, True),
        ('slices/a3d_densenet_fpn_3slices-5e', True, True),
        ('slices/alignshift_densenet_fpn_3slices-5e', True, True),
        # Means over the map in the backbone.
        ('detectors/rtmdet_tiny_5e', True, False),
        # Windows of attention of its own.
        ('detectors/mask-rcnn_swin_fpn_5e', True, False),
        ('detectors/dino-4scale_r18_5e', False, False),
    ],
)
def test_detectors_of_the_configs(name, plain, local):
    init_default_scope('mmdet')
    config = Config.fromfile(CONFIGS / f'{name}_phantom.py')
    detector = MODELS.build(config.model).eval()
    network = plain_network(detector)
    assert (network is not None) is plain
    load, window = config.test_dataloader.dataset.pipeline[:2]
    channels = load['num_slices'] * len(window['windows'])
    interval = getattr(detector.data_preprocessor, 'interval_channel', False)
    assert interval is ('alignshift' in name)
    if plain:
        given = (network, channels + interval, 'cpu')
        for halves in (False, name.startswith(_TWO_STAGE)):
            found = is_local(*given, halves, interval_channel=interval)
            assert found is local
