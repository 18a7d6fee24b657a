"""What a device must do as the CPU does; run by `make gpu`."""

import copy
import functools
import os
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from mmcv.ops import batched_nms
from mmdet.registry import MODELS as MMDET_MODELS
from mmengine.dataset import pseudo_collate
from mmengine.model import BaseModel
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from mmengine.registry import DATASETS, MODELS, init_default_scope
from mmengine.structures import InstanceData

import mmuldor.models  # noqa: F401
from mmuldor.apis import evaluate_detector, train_detector
from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.engine.mining_round import mine
from mmuldor.engine.optimizers.cpu_amp_optim_wrapper import CPUAmpOptimWrapper
from mmuldor.mining.rule import MiningRule
from mmuldor.ops import extension, torchvision_ops
from mmuldor.ops.info import compiled_operators
from mmuldor.scans.volume import Volume
from tests.support.repeated_training import SPREAD, losses, packed_samples
from tests.support.small_configs import SMALL, configure, untrained

pytestmark = pytest.mark.gpu

ROOT = Path(__file__).resolve().parents[2]
STRIDES = [4, 8, 16, 32]
# Coordinates that bfloat16 would round by up to 1 px.
ROIS = torch.tensor(
    [
        [0, 300.6, 20.3, 341.2, 77.7],
        [1, 3.3, 130.9, 251.1, 259.4],
        [0, 201.7, 201.2, 219.3, 220.6],
        [1, 5.1, 7.2, 470.3, 499.9],
    ]
)


@pytest.fixture(params=['plain', 'torchvision', 'compiled'])
def operators(request, monkeypatch):
    """mmcv's NMS and RoIAlign by one of the kinds, where there is one."""
    module = extension
    if request.param == 'plain':
        monkeypatch.setattr(torchvision_ops, '_problem', lambda: 'not asked')
    elif request.param == 'torchvision':
        if torchvision_ops.unavailable_reason():
            pytest.skip(torchvision_ops.unavailable_reason())
    else:
        module = compiled_operators()
        if module is None:
            pytest.skip('mmcv has no compiled operators here')
    # The package's attributes of these names are the functions.
    for name in ('mmcv.ops.nms', 'mmcv.ops.roi_align'):
        monkeypatch.setattr(sys.modules[name], 'ext_module', module)
    return request.param


@pytest.mark.parametrize('last', [False, True])
@pytest.mark.parametrize(
    'dtype', [torch.float32, torch.bfloat16, torch.float16]
)
@pytest.mark.usefixtures('operators')
def test_roi_features(device, last, dtype):
    extractor = MMDET_MODELS.build(
        dict(
            type='SingleRoIExtractor',
            roi_layer=dict(type='RoIAlign', output_size=7, sampling_ratio=0),
            out_channels=16,
            featmap_strides=STRIDES,
        )
    )
    generator = torch.Generator().manual_seed(0)
    maps = [
        torch.randn(2, 16, 512 // s, 512 // s, generator=generator)
        for s in STRIDES
    ]
    layout = torch.channels_last if last else torch.contiguous_format
    moved = [
        level.to(device, dtype).contiguous(memory_format=layout)
        for level in maps
    ]
    expected, found = extractor(maps, ROIS), extractor(moved, ROIS.to(device))
    assert (found.device.type, found.dtype) == (device.type, dtype)
    close = 1e-4 if dtype == torch.float32 else torch.finfo(dtype).eps
    error = (found.cpu().float() - expected).abs().max()
    assert error / expected.abs().max() < close


@pytest.mark.usefixtures('operators')
def test_nms(device, size):
    generator = torch.Generator().manual_seed(0)
    corner = torch.rand(200 * size, 2, generator=generator) * 400
    side = torch.rand(200 * size, 2, generator=generator) * 60 + 4
    boxes = torch.cat([corner, corner + side], 1)
    scores = torch.rand(200 * size, generator=generator)
    groups = torch.arange(200 * size) % 5
    nms = dict(type='nms', iou_threshold=0.5)
    _, expected = batched_nms(boxes, scores, groups, nms)
    arguments = boxes, scores, groups
    _, found = batched_nms(*(a.to(device) for a in arguments), nms)
    assert torch.equal(found.cpu(), expected)


@pytest.fixture
def samples(mini_config):
    return packed_samples(mini_config)


@pytest.mark.usefixtures('operators')
def test_a_training_in_both_layouts(device, size, mini_config, samples):
    number = 2 * size
    work = (mini_config, samples, OptimWrapper, number, device)
    first, last = losses(*work), losses(*work, last=True)
    np.testing.assert_allclose(last[0], first[0], rtol=1e-4)
    # NMS and samplers amplify rounding.
    np.testing.assert_allclose(last.mean(), first.mean(), rtol=0.02)


@pytest.mark.parametrize('dtype', ['bfloat16', 'float16'])
def test_mixed_precision_learns_as_float32(
    device, size, mini_config, samples, dtype
):
    number = 4 if device.type == 'cpu' else 200
    plain = losses(mini_config, samples, OptimWrapper, number, device)

    def wrapper(optimiser, **kwargs):
        if device.type == 'cpu':
            return CPUAmpOptimWrapper(optimiser, **kwargs)
        scale = 'dynamic' if dtype == 'float16' else 1.0
        return AmpOptimWrapper(
            loss_scale=scale, dtype=dtype, optimizer=optimiser, **kwargs
        )

    mixed = losses(mini_config, samples, wrapper, number, device, last=True)
    assert mixed.tolist() != plain.tolist()
    # Four iterations have no time to part.
    rtol = 0.05 if number == 4 else SPREAD
    np.testing.assert_allclose(
        mixed[-50:].mean(), plain[-50:].mean(), rtol=rtol
    )


@pytest.fixture
def on_device(device, monkeypatch):
    """Let trainings run where `make gpu` says; MMEngine takes any GPU."""
    if device.type == 'cpu':
        monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)


@pytest.mark.parametrize('path', SMALL, ids=lambda path: path.stem)
@pytest.mark.usefixtures('on_device')
def test_a_detector_trains_tests_and_finds(device, mini_data, tmp_path, path):
    if device.type == 'cpu' and path != SMALL[-1]:
        pytest.skip('on a CPU one is enough: tests/configs has them all')
    config = configure(path, mini_data, tmp_path)
    train_detector(copy.deepcopy(config))
    weights = str(tmp_path / 'work/epoch_1.pth')
    assert 'froc/mean' in evaluate_detector(copy.deepcopy(config), weights)
    detector = LesionDetector(config, weights, str(device), 0.0)
    hu = np.zeros((3, 64, 64), dtype=np.int16)
    volume = Volume(hu, np.diag([0.8, 0.8, 2.0, 1.0]), 'scan')
    assert detector.detect_slices(volume, slices=[1])


@pytest.mark.usefixtures('on_device', 'operators')
def test_hnem_trains_and_mines(mini_config, tmp_path):
    mini_config.train_cfg.update(max_epochs=2, val_interval=2)
    train_detector(mini_config)
    banks = sorted((tmp_path / 'work/hard_negatives').glob('epoch_*.json'))
    assert banks


def test_a_bank_of_batches_is_that_of_single_images(device, mini_config):
    model = untrained(mini_config).to(device).eval()
    dataset = DATASETS.build(mini_config.train_dataloader.dataset)
    pipeline = mini_config.val_dataloader.dataset.pipeline
    rule = MiningRule(min_score=0.0, score_thr=0.0, max_iou=2.0, hit_iou=1.0)
    banks = [
        mine(model, dataset, pipeline, rule, 0, batch_size=number)
        for number in (1, 4)
    ]
    assert banks[0]['counts']['mined'] > 0
    same = [
        len(found) == len(banks[1]['images'].get(image, ()))
        and np.allclose(boxes(found), boxes(banks[1]['images'][image]), atol=1)
        for image, found in banks[0]['images'].items()
    ]
    assert np.mean(same) >= 0.999


def boxes(found):
    return [example['bbox'] for example in found]


def test_detections_on_a_device_are_those_on_the_cpu(device, mini_config):
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model: BaseModel = MODELS.build(mini_config.model)
    model.init_weights()
    dataset = DATASETS.build(mini_config.test_dataloader.dataset)
    batch = pseudo_collate([dataset[0], dataset[1]])
    found: list[list[InstanceData]] = []
    for place in (torch.device('cpu'), device):
        model.to(place).eval()
        with torch.no_grad():
            samples = model.test_step(copy.deepcopy(batch))
        found.append([s.pred_instances.to('cpu') for s in samples])
    for here, there in zip(*found, strict=True):
        assert len(here) == len(there) > 0
        for key in ('bboxes', 'scores'):
            torch.testing.assert_close(
                there[key], here[key], rtol=1e-2, atol=1e-2
            )


def test_one_process_of_a_group(device, mini_config, tmp_path, monkeypatch):
    """NCCL on a GPU, gloo without; weights by a URL in a group."""
    torch.manual_seed(0)
    init_default_scope('mmdet')
    served = tmp_path / 'served'
    served.mkdir()
    backbone = MODELS.build(mini_config.model.backbone)
    torch.save(backbone.state_dict(), served / 'backbone.pth')
    handler = functools.partial(
        SimpleHTTPRequestHandler, directory=str(served)
    )
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        mini_config.model.backbone.init_cfg = dict(
            type='Pretrained',
            checkpoint=f'http://127.0.0.1:{server.server_port}/backbone.pth',
        )
        mini_config.train_cfg.update(max_epochs=1, val_interval=1)
        mini_config.dump(tmp_path / 'config.py')
        hidden = {'CUDA_VISIBLE_DEVICES': ''} if device.type == 'cpu' else {}
        done = subprocess.run(
            [
                *(sys.executable, '-m', 'torch.distributed.run'),
                *('--standalone', '--nproc-per-node', '1'),
                *(str(ROOT / 'tools/train.py'), str(tmp_path / 'config.py')),
                *('--work-dir', str(tmp_path / 'work')),
                *('--launcher', 'pytorch'),
            ],
            env={**os.environ, **hidden, 'TORCH_HOME': str(tmp_path / 'hub')},
            capture_output=True,
            text=True,
            timeout=300,
        )
        server.shutdown()
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / 'work/epoch_1.pth').is_file()
