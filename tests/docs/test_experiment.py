"""Every config of docs/experiment.md trains, as it stands on the page."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import (
    DATASETS,
    MODELS,
    OPTIM_WRAPPERS,
    OPTIMIZERS,
    init_default_scope,
)

from data_prep import make_phantom
from mmuldor.apis import load_config, train_detector

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs/experiment.md'
# Full-size bases to their small siblings; the sections of the backbone and of
# the other detector keep theirs, without the weights of a network.
SIBLINGS = {
    'mask-rcnn_r101_fpn_12e_deeplesion': 'mask-rcnn_r18_fpn_5e_phantom',
    'uldor_r101_fpn_hnem-12e_deeplesion': 'uldor_r18_fpn_hnem-2e_phantom',
    'mask-rcnn_r101_fpn_types-12e_deeplesion': (
        'mask-rcnn_r18_fpn_types-5e_phantom'
    ),
}
FULL_SIZE = {'backbone', 'atss'}
CONFIGS = {
    *('backbone', 'atss', 'longer', 'ema', 'accumulate', 'loggers'),
    *('types', 'mining', 'fold_0', 'gpus'),
}


def blocks():
    """Code of the page by the file name in its first line."""
    found = re.findall(
        r'(?ms)^```python\n# (\S+)\n(.*?)^```', PAGE.read_text('utf-8')
    )
    return {Path(name).stem: code for name, code in found}


def bash(beginning):
    """The bash block that begins so."""
    (code,) = re.findall(
        rf'(?ms)^```bash\n({re.escape(beginning)}.*?)^```',
        PAGE.read_text('utf-8'),
    )
    return code


@pytest.fixture
def configure(tmp_path, mini_data):
    """Write a block to a file and load it, with two iterations to train."""

    def load(name, data=mini_data):
        code = blocks()[name]
        if name not in FULL_SIZE:
            for full, small in SIBLINGS.items():
                code = code.replace(full, small)
        path = tmp_path / f'{name}.py'
        # Bases stand beside the experiments' folder, data elsewhere.
        code = re.sub(r"'\.\./(?!\.)", f"'{ROOT}/configs/", code)
        path.write_text(code)
        config = load_config(str(path), str(tmp_path / 'work'))
        if name in FULL_SIZE:
            assert config.model.backbone.init_cfg.checkpoint.endswith('.pth')
            config.model.backbone.init_cfg = None
        else:
            config.model.backbone.base_channels = 8
            config.model.neck.in_channels = [8, 16, 32, 64]
            config.model.train_cfg.rpn_proposal.max_per_img = 20
            config.model.test_cfg.rpn.max_per_img = 20
        shrink(config, data)
        return config

    return load


def shrink(config, data):
    """Four images of a tiny dataset, one epoch, nothing else."""
    config.log_level = 'WARNING'
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        if loader is None:
            continue
        loader.num_workers, loader.persistent_workers = 0, False
        if data is not None:
            loader.dataset.data_root = str(data)
            if split != 'train':
                config[f'{split}_evaluator'].ann_file = str(
                    data / f'{split}.json'
                )
    config.train_dataloader.dataset.indices = 4
    config.train_cfg.update(max_epochs=1, val_interval=1)
    config.default_hooks.checkpoint.update(save_best=None, rule=None)
    if 'hnem' in config.default_hooks:
        config.default_hooks.hnem.num_workers = 0


def train(config):
    """The checkpoint after one epoch, whose weights must be finite."""
    train_detector(config)
    path = Path(config.work_dir) / 'epoch_1.pth'
    checkpoint = torch.load(path, weights_only=False)
    for value in checkpoint['state_dict'].values():
        assert value.isfinite().all()
    return checkpoint


def step(config):
    """A full-size model after one step, whose loss must be finite."""
    init_default_scope('mmdet')
    model = MODELS.build(config.model)
    model.init_weights()
    dataset = DATASETS.build(config.train_dataloader.dataset)
    batch = pseudo_collate([dataset[0], dataset[1]])
    config.optim_wrapper.optimizer.params = model.parameters()
    config.optim_wrapper.optimizer = OPTIMIZERS.build(
        config.optim_wrapper.optimizer
    )
    losses = model.train_step(
        batch, OPTIM_WRAPPERS.build(config.optim_wrapper)
    )
    assert losses['loss'].isfinite()
    return model


def test_the_page_has_these_configs():
    assert set(blocks()) == CONFIGS


def test_backbone(configure):
    config = configure('backbone')
    model = step(config)
    assert len(model.backbone.layer3) == 6
    assert config.model.neck.in_channels == [256, 512, 1024, 2048]


def test_another_detector(configure):
    model = step(configure('atss'))
    assert model.bbox_head.atss_cls.out_channels == 1
    # From P2 on.
    assert model.neck.lateral_convs[0].in_channels == 256
    strides = model.bbox_head.prior_generator.strides
    assert [stride[0] for stride in strides] == [4, 8, 16, 32, 64]


def test_schedule(configure):
    config = configure('longer')
    assert config.default_hooks.early_stopping.monitor == 'val_loss'
    assert config.default_hooks.early_stopping.patience == 8
    checkpoint = train(config)
    (group,) = checkpoint['optimizer']['param_groups']
    assert 'betas' in group
    assert group['initial_lr'] == 0.0001
    warm_up, cosine = checkpoint['param_schedulers']
    assert warm_up['total_iters'] == 499
    # 24 epochs of two iterations.
    assert cosine['T_max'] == 48


def test_ema(configure):
    checkpoint = train(configure('ema'))
    assert checkpoint['ema_state_dict']['steps'] == 2


def test_accumulation(configure):
    config = configure('accumulate')
    # Two batches of four, less than `accumulative_counts`.
    config.train_dataloader.dataset.indices = 6
    (group,) = train(config)['optimizer']['param_groups']
    # AdamW of the sibling: the rate grows by the root of 16 / 2.
    assert group['initial_lr'] == pytest.approx(0.0008 * 8**0.5)


def test_loggers(configure):
    config = configure('loggers')
    train(config)
    folder = Path(config.work_dir)
    assert list(folder.glob('*/vis_data/events.out.tfevents.*'))
    assert list(folder.glob('*/vis_data/scalars.json'))
    assert config.default_hooks.visualization.val_interval == 50


def test_lesion_types(configure, mini_data):
    # Each with a known type, and one of unknown type.
    path = mini_data / 'val.json'
    document = json.loads(path.read_text())
    document['annotations'][0]['lesion_type'] = 4
    path.write_text(json.dumps(document))
    state = train(configure('types'))['state_dict']
    # Nine classes and the background.
    assert state['roi_head.bbox_head.fc_cls.bias'].shape == (10,)


def test_hard_negatives(configure, mini_data):
    config = configure('mining')
    # With random weights all scores are low.
    config.default_hooks.hnem.min_score = 0.0
    train(config)
    folder = Path(config.work_dir) / 'hard_negatives'
    (bank,) = folder.glob('initial.json')
    assert json.loads(bank.read_text())['counts']['mined'] > 0


@pytest.fixture
def deeplesion(tmp_path, monkeypatch):
    """A folder with a tiny phantom in place of DeepLesion."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / 'data/DeepLesion'
    make_phantom.main(
        [
            *(str(folder), '--images', '12', '--size', '128'),
            *('--neighbours', '1', '--workers', '1'),
        ]
    )
    return folder


def test_cross_validation(configure, deeplesion, tmp_path):
    (tmp_path / 'data_prep').symlink_to(ROOT / 'data_prep')
    subprocess.run(
        ['bash', '-ec', bash('for fold in')],
        cwd=tmp_path,
        env=environment(),
        check=True,
        capture_output=True,
    )
    tested = []
    for fold in range(5):
        patients = {}
        for split in ('train', 'val', 'test'):
            path = tmp_path / f'data/folds/{fold}/{split}.json'
            images = json.loads(path.read_text())['images']
            patients[split] = {image['patient'] for image in images}
        everybody = set.union(*patients.values())
        assert sum(map(len, patients.values())) == len(everybody)
        tested += patients['test']
    # Each patient once.
    assert sorted(tested) == sorted(everybody)
    config = configure('fold_0', data=None)
    assert config.train_dataloader.dataset.ann_file == 'train.json'
    train(config)


def environment():
    python = Path(sys.executable).parent
    return {**os.environ, 'PATH': f'{python}:{os.environ["PATH"]}'}


@pytest.mark.slow
def test_several_processes(configure, tmp_path, free_port):
    config = configure('gpus')
    assert config.train_dataloader.batch_size == 4
    config.dump(tmp_path / 'mini.py')
    command = bash('tools/dist_train.sh').splitlines()[0]
    command = command.replace('configs/my/gpus.py 8 --amp', 'mini.py 2')
    command = command.replace('tools/', f'{ROOT}/tools/')
    done = subprocess.run(
        ['bash', '-ec', f'{command} --work-dir work'],
        cwd=tmp_path,
        env={
            **environment(),
            'OMP_NUM_THREADS': '1',
            'MASTER_PORT': str(free_port),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    assert (tmp_path / 'work/epoch_1.pth').is_file()
