"""Settings that users type work, or are refused before the first iteration."""

import json

import pytest
import torch

from tools.train import main

# What is typed after --cfg-options, two iterations on 64 px.
WORK = {
    'nothing': [],
    'workers': ['train_dataloader.num_workers=1'],
    'no workers': [
        'train_dataloader.num_workers=0',
        'train_dataloader.persistent_workers=True',
        'val_dataloader.num_workers=0',
    ],
    'batch of one': ['train_dataloader.batch_size=1'],
    'batch of more than there are': ['train_dataloader.batch_size=40'],
    'batches in validation': ['val_dataloader.batch_size=2'],
    'accumulated': ['optim_wrapper.accumulative_counts=2'],
    'no clipping': ['optim_wrapper.clip_grad=None'],
    'rate': ['optim_wrapper.optimizer.lr=1e-5'],
    'optimizer': ['optim_wrapper.optimizer={"type": "Adam", "lr": 1e-4}'],
    'no schedule': ['param_scheduler=None'],
    'EMA': ["custom_hooks=[{'type': 'EMAHook'}]"],
    'no validation': ['val_cfg=None'],
    'no validation data': ['val_dataloader=None'],
    'no test': ['test_dataloader=None'],
    'validation later': ['train_cfg.val_interval=5'],
    'validation from': ['train_cfg.val_begin=2'],
    'two epochs': ['train_cfg.max_epochs=2'],
    'best by FROC': ['default_hooks.checkpoint.save_best=froc/sens@4'],
    'best by loss': ["default_hooks.checkpoint.save_best=['val_loss']"],
    'no best': ['default_hooks.checkpoint.save_best=None'],
    'no validation loss': ['default_hooks.val_loss=None'],
    'no early stopping': ['default_hooks.early_stopping=None'],
    'stopping by FROC': [
        'default_hooks.early_stopping.monitor=froc/mean',
        'default_hooks.early_stopping.rule=greater',
    ],
    'no checkpoints': ['default_hooks.checkpoint=None'],
    'no logger': ['default_hooks.logger=None'],
    'no timer': ['default_hooks.timer=None'],
    'no schedule hook': ['default_hooks.param_scheduler=None'],
    'no sampler hook': ['default_hooks.sampler_seed=None'],
    'no pictures': ['default_hooks.visualization=None'],
    'no layout': ['default_hooks.channels_last=None'],
    'no buffers': ['default_hooks.sync_buffers=None'],
    'no repeat': ['default_hooks.repeat=None'],
    'no model check': ['default_hooks.model_check=None'],
    'no heads': ['default_hooks.heads=None'],
    'no runtime info': ['default_hooks.runtime_info=None'],
    'pictures in validation': ['default_hooks.visualization.val_interval=1'],
    'TensorBoard': [
        "visualizer.vis_backends=[{'type': 'LocalVisBackend'}, "
        "{'type': 'TensorboardVisBackend'}]",
    ],
    'seed': ['randomness.seed=7'],
    'no seed': ['randomness.seed=None'],
    'a seed for each process': ['randomness.diff_rank_seed=True'],
    'deterministic': ['randomness.deterministic=True'],
    'cuDNN': ['env_cfg.cudnn_benchmark=True'],
    'unused parameters': ['find_unused_parameters=True'],
    'a dict as one writes it in a config': [
        "custom_hooks=[dict(type='EMAHook', momentum=0.001)]",
    ],
    # Inductor, with a compiler, takes minutes.
    'compiled': ["compile={'backend': 'eager'}"],
    'recomputed': ['activation_checkpointing=["backbone.layer1"]'],
    'repeated': [
        "train_dataloader.dataset={'type': 'RepeatDataset', 'times': 2, "
        "'dataset': {'type': 'mmuldor.DeepLesionDataset', "
        "'data_root': DATA, 'ann_file': 'train.json', "
        "'data_prefix': {'img': 'Images_png/'}, 'pipeline': PIPELINE}, "
        "'_delete_': True}",
    ],
    'no empty images': [
        'train_dataloader.dataset.filter_cfg={"filter_empty_gt": True}',
    ],
    'recomputed behind a frozen stage': [
        'activation_checkpointing=["backbone.layer2"]',
        'model.backbone.frozen_stages=1',
    ],
    'fewer images': ['train_dataloader.dataset.indices=3'],
    'noisy lesions': ['train_dataloader.dataset.keep_noisy=True'],
    'frozen stages': ['model.backbone.frozen_stages=2'],
    'frozen norms': ['model.backbone.norm_eval=True'],
    'depth': ['model.backbone.depth=34'],
    'sampler': ['train_dataloader.sampler.type=DefaultSampler'],
    'no batch sampler': ['train_dataloader.batch_sampler=None'],
    'short window': ['log_processor.window_size=2'],
    'low scores': ['model.test_cfg.rcnn.score_thr=0.0'],
    'resume of nothing': ['resume=True'],
    'nothing random said': ['randomness=None'],
    'no environment': ['env_cfg=None'],
    'no hooks said': ['default_hooks=None'],
    'whole batches only': ['train_dataloader.drop_last=True'],
    'an empty evaluator': ['val_evaluator=[]'],
    'COCO alone': [
        "val_evaluator={'type': 'CocoMetric', 'ann_file': VAL, "
        "'metric': 'bbox', '_delete_': True}",
    ],
    'FROC by another name': ['val_evaluator.prefix=mine'],
    'iterations': [
        "train_cfg={'type': 'IterBasedTrainLoop', 'max_iters': 2, "
        "'val_interval': 2, '_delete_': True}",
        'default_hooks.checkpoint.by_epoch=False',
        "train_dataloader.sampler={'type': 'InfiniteSampler'}",
        'train_dataloader.batch_sampler=None',
        'default_hooks.repeat=None',
    ],
    'plain validation loop': ['val_cfg.type=ValLoop'],
    'another metric': [
        "val_evaluator=[{'type': 'mmuldor.FROCMetric', 'ann_file': VAL}, "
        "{'type': 'CocoMetric', 'ann_file': VAL, 'metric': 'bbox'}]",
    ],
}
REFUSED = {
    'optim_wraper.optimizer.lr=0.1': "Did you mean 'optim_wrapper'",
    'seed=1': "nothing reads 'seed'",
    'max_epochs=3': "nothing reads 'max_epochs'",
    'env_cfg.cudnn_benchmrak=True': "Did you mean 'cudnn_benchmark'",
    'auto_scale_lr.base_batch=16': "nothing reads 'base_batch'",
    'model.test_cfg.score_thr=0.1': "nothing reads 'score_thr'",
    'model.test_cfg.rcnn.threshold=0.1': "nothing reads 'threshold'",
    'model.test_cfg.rcnn.score_th=0.1': "Did you mean 'score_thr'",
    'train_cfg.max_epoch=3': 'max_epoch',
    'train_dataloader.batchsize=4': 'batchsize',
    'train_dataloader.batch_size=0': 'batch_size',
    'optim_wrapper.optimizer.type=Adams': 'Adams',
    'default_hooks.checkpoint.intervall=1': 'intervall',
    'default_hooks.checkpoint.save_best=froc/sens@3': "no 'froc/sens@3'",
    'default_hooks.early_stopping.monitor=froc/men': "no 'froc/men'",
    'default_hooks.checkpoint.save_best=coco/bbox_mAP': 'froc/` and one of',
    'default_hooks.early_stopping.monitor=bbox_mAP': "no 'bbox_mAP'",
    'model.backbone.depth=50': 'do not fit',
    'model.backbone.depth=17': 'depth',
    'model.neck.in_channels=[8,16,32,32]': 'do not fit',
    'model.roi_head.bbox_head.num_classes=5': '1 classes',
    'activation_checkpointing=["backbone.layer9"]': "'backbone.layer9'",
    'train_cfg.val_interval=0': 'val_interval',
    'train_dataloader.dataset.pipeline=[]': 'but is empty',
    'model.test_cfg.rcnn.nms.type=soft_nms': "'softnms' must be compiled",
    'resume=nowhere.pth': 'nowhere.pth',
    'load_from=nowhere.pth': 'nowhere.pth',
    'load_from=OTHER': 'another number of classes',
    'visualizer.vis_backends=[{"type": "WandbVisBackend"}]': "'wandb'",
    'visualizer.vis_backends=[{"type": "MLflowVisBackend"}]': "'mlflow'",
    'train_dataloader.dataset.ann_file=other.json': 'other.json',
    'train_dataloader.dataset.pipeline.0.num_slices=5': 'is 3: the model',
    'train_dataloader.sampler.type=Sampler': 'Sampler',
    'val_evaluator.ann_file=other.json': 'other.json',
    'val_evaluator.iou_thr=2': 'iou_thr',
}


@pytest.fixture
def typed(mini_config, mini_data, tmp_path, monkeypatch):
    """Train by what is typed; returns the work dir."""
    del mini_config.default_hooks['hnem']
    loader = mini_config.train_dataloader
    loader.dataset.pop('metainfo')
    loader.dataset.pipeline = [
        step
        for step in loader.dataset.pipeline
        if 'HardNegatives' not in step['type']
    ]
    for head in ('bbox_head', 'mask_head'):
        mini_config.model.roi_head[head].num_classes = 1
    loader.dataset.indices = 4
    mini_config.train_cfg.update(max_epochs=1, val_interval=1)
    mini_config.default_hooks.checkpoint.save_best = ['val_loss', 'froc/mean']
    mini_config.default_hooks.checkpoint.rule = ['less', 'greater']
    path = tmp_path / 'mini.py'
    mini_config.dump(path)
    words = {
        'DATA': repr(str(mini_data)),
        'VAL': repr(str(mini_data / 'val.json')),
        'PIPELINE': repr([dict(step) for step in loader.dataset.pipeline]),
        'OTHER': str(tmp_path / 'other.pth'),
    }

    def run(options, *more):
        for word, text in words.items():
            options = [option.replace(word, text) for option in options]
        more = [*more, '--cfg-options', *options] if options else more
        main([str(path), '--work-dir', str(tmp_path / 'work'), *more])
        return tmp_path / 'work'

    run.config, run.other = mini_config, words['OTHER']
    return run


# Of those that differ least from what the fast ones try.
SLOW = {
    *('workers', 'batch of one', 'no clipping', 'rate', 'no schedule'),
    *('no validation data', 'validation from', 'best by loss', 'no best'),
    *('no timer', 'no schedule hook', 'no sampler hook', 'no layout'),
    *('no buffers', 'no repeat', 'no model check', 'no heads', 'seed'),
    *('no runtime info', 'cuDNN', 'unused parameters', 'noisy lesions'),
    *('frozen norms', 'short window', 'sampler', 'compiled', 'no test'),
    *('no early stopping', 'a seed for each process', 'low scores'),
    *('no environment', 'FROC by another name', 'an empty evaluator'),
    *('no runtime info', 'no pictures', 'validation later', 'two epochs'),
    *('batches in validation', 'optimizer', 'no logger', 'fewer images'),
    *('pictures in validation', 'a dict as one writes it in a config'),
    *('no validation loss', 'plain validation loop', 'frozen stages'),
    *('no workers', 'best by FROC', 'deterministic', 'recomputed', 'depth'),
    *('nothing random said', 'whole batches only', 'another metric'),
}


def test_there_are_enough():
    assert len(WORK) - len(SLOW) + len(REFUSED) >= 30
    assert set(WORK) >= SLOW


@pytest.mark.parametrize(
    'name',
    [
        pytest.param(name, marks=pytest.mark.slow if name in SLOW else ())
        for name in WORK
    ],
)
def test_what_is_typed_works(typed, name):
    work = typed(WORK[name])
    saved = sorted([*work.glob('epoch_*.pth'), *work.glob('iter_*.pth')])
    assert bool(saved) == (name != 'no checkpoints')
    for path in saved:
        state = torch.load(path, weights_only=False)['state_dict']
        assert all(value.isfinite().all() for value in state.values())


@pytest.mark.parametrize('option', REFUSED)
def test_what_cannot_work_is_refused_in_one_line(typed, capsys, option):
    if 'OTHER' in option:
        from mmengine.registry import MODELS, init_default_scope

        init_default_scope('mmdet')
        for head in ('bbox_head', 'mask_head'):
            typed.config.model.roi_head[head].num_classes = 3
        model = MODELS.build(typed.config.model)
        torch.save({'state_dict': model.state_dict()}, typed.other)
    with pytest.raises(SystemExit) as ended:
        typed([option])
    assert ended.value.code == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith('error: ')
    assert REFUSED[option] in last


def test_a_recomputed_stage_behind_a_frozen_one_learns_the_same(typed):
    frozen = ['model.backbone.frozen_stages=1']
    recomputed = [*frozen, 'activation_checkpointing=["backbone.layer2"]']
    states = []
    for options in (frozen, recomputed):
        path = typed(options) / 'epoch_1.pth'
        states.append(torch.load(path, weights_only=False)['state_dict'])
        path.unlink()
    for name, weight in states[0].items():
        # Running means of the norms see each batch twice.
        if 'running' not in name and 'num_batches' not in name:
            torch.testing.assert_close(states[1][name], weight)


def test_a_resumed_ema_goes_on(typed):
    options = ["custom_hooks=[{'type': 'EMAHook'}]", 'train_cfg.max_epochs=1']
    typed(options)
    options[1] = 'train_cfg.max_epochs=2'
    work = typed(options, '--resume')
    first, second = (
        torch.load(work / f'epoch_{number}.pth', weights_only=False)
        for number in (1, 2)
    )
    assert second['ema_state_dict'].keys() == first['ema_state_dict'].keys()
    assert second['meta']['epoch'] == 2
    steps = [c['ema_state_dict']['steps'] for c in (first, second)]
    assert steps == [2, 4]


def test_iterations_are_resumed(typed):
    two = WORK['iterations']
    first = typed(two, '--resume') / 'iter_2.pth'
    written = first.stat().st_mtime_ns
    work = typed([two[0].replace(': 2,', ': 3,', 1), *two[1:]], '--resume')
    assert (work / 'iter_3.pth').exists()
    assert first.stat().st_mtime_ns == written
    typed(two)
    logs = '\n'.join(path.read_text() for path in work.glob('*/*.log'))
    assert f"nothing to resume in '{work}'" in logs
    assert "an earlier training's checkpoints" in logs


def test_tensorboard_is_written(typed):
    work = typed(WORK['TensorBoard'])
    assert list(work.glob('*/vis_data/events.out.tfevents.*'))
    (scalars,) = work.glob('*/vis_data/scalars.json')
    assert 'froc/mean' in json.loads(scalars.read_text().splitlines()[-1])
