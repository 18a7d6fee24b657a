"""Every shipped config loads, builds and is listed."""

import copy
import functools
import json
import re
from pathlib import Path

import pytest
import torch
import yaml
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.optim import OptimWrapper
from mmengine.registry import HOOKS, METRICS, MODELS, init_default_scope

from mmuldor.apis.bundle.inference_config import full_config, plain_config
from mmuldor.apis.checks.model import untrained
from mmuldor.apis.configs.entries import check_entries
from mmuldor.apis.configs.same_images import check_same_images
from mmuldor.engine.detection.heads import classes_of

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted(
    path
    for path in (ROOT / 'configs').rglob('*.py')
    if '_base_' not in path.parts
)


@functools.cache
def read(path):
    return Config.fromfile(path)


def load(path):
    init_default_scope('mmdet')
    return copy.deepcopy(read(path))


def listed():
    """Entries of all metafiles that model-index.yml imports, by config."""
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    entries = {}
    for name in index['Import']:
        for model in yaml.safe_load((ROOT / name).read_text())['Models']:
            entries[model['Config']] = model
    return entries


def test_there_are_configs():
    assert len(CONFIGS) >= 6


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_a_config_builds_all_its_parts(path, mini_data):
    config = load(path)
    model = MODELS.build(config.model)
    typed = path.parent.name == 'lesion_types'
    assert set(classes_of(model).values()) <= ({8} if typed else {1, 2})
    assert classes_of(model)
    for split in ('train', 'test') if typed else ('train', 'val', 'test'):
        dataset = config[f'{split}_dataloader'].dataset
        dataset.data_root = str(mini_data)
        # Types are known in the validation split, not in the training's.
        own = 'val' if typed and split == 'train' else split
        assert dataset.ann_file == f'{own}.json'
        # The mini data have lesions of unknown type alone.
        dataset.pop('lesion_types', None)
        assert len(build_dataset(dataset)[0]['inputs']) == channels(config)
    for split in ('test',) if typed else ('val', 'test'):
        evaluator = config[f'{split}_evaluator']
        evaluator.pop('lesion_types', None)
        assert Path(evaluator.ann_file).name == f'{split}.json'
        evaluator.ann_file = str(mini_data / f'{split}.json')
        METRICS.build(evaluator)
    for hook in filter(None, config.default_hooks.values()):
        HOOKS.build(hook)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_every_entry_of_a_config_is_registered_and_fits(path):
    check_entries(load(path))
    check_same_images(load(path))


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_a_config_goes_into_a_bundle_and_back(path):
    config = load(path)
    plain = json.loads(json.dumps(plain_config(config)))
    found = full_config(plain, 'a.mmuldor')
    pipeline = config.test_dataloader.dataset.pipeline
    # The slices of a scan come from no folder.
    assert pipeline[0].pop('store', None) is None
    assert found.test_dataloader.dataset.pipeline == pipeline
    assert found.get('tta') == config.get('tta')
    assert plain_config(found) == plain


def channels(config):
    """Channels that the backbone of a config expects."""
    backbone = config.model.backbone
    if backbone.type == 'mmuldor.GroupedBackbone':
        return 3 * config.model.neck.num_groups
    if backbone.type == 'mmuldor.ContextBackbone':
        return backbone.num_slices * backbone.backbone.in_channels
    return backbone.get('in_channels', 3)


def build_dataset(dataset):
    from mmengine.registry import DATASETS

    return DATASETS.build(dataset)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_a_config_is_listed_with_its_results(path):
    entry = listed()[str(path.relative_to(ROOT))]
    assert entry['Name'] == path.stem
    data = ('DeepLesion', 'phantom', 'own data')
    assert entry['Metadata']['Training Data'] in data
    (result,) = entry['Results']
    assert result['Task'] == 'Lesion Detection'
    numbers = result['Metrics']
    elsewhere = ('not run', 'see benchmarks/recipe-study.md')
    assert numbers in elsewhere or 0 < numbers['sens@4'] <= 100


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_a_config_says_what_it_costs_and_how_it_is_run(path):
    costs = {'Epochs', 'Training Time', 'Training Memory (GB)'}
    assert costs <= set(listed()[str(path.relative_to(ROOT))]['Metadata'])
    folder = ROOT / 'configs' / path.relative_to(ROOT / 'configs').parts[0]
    readme = (folder / 'README.md').read_text()
    assert 'tools/train.py configs/' in readme
    # By its whole name, or with siblings as stem_{a,b}-rest.
    parts = re.findall(r'\S*\{\S+\}\S*', readme)
    expanded = {name for part in parts for name in expand(part)}
    known = path.stem in readme or path.stem in expanded
    suffix = path.stem.rpartition('_')[2]
    assert known or f'`_{suffix}`' in readme


def expand(text):
    """``a_{b,c}_d`` as a shell would read it."""
    before, _, rest = text.partition('{')
    inner, _, after = rest.partition('}')
    return [before + word + after for word in inner.split(',')]


def test_collections_name_a_readme_that_is_there():
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    for name in index['Import']:
        metafile = yaml.safe_load((ROOT / name).read_text())
        names = {entry['Name'] for entry in metafile['Collections']}
        for entry in metafile['Collections']:
            assert (ROOT / entry['README']).is_file()
        for model in metafile['Models']:
            assert model['In Collection'] in names


def test_no_entry_without_a_config():
    assert set(listed()) == {str(p.relative_to(ROOT)) for p in CONFIGS}


def differences(first, second):
    """Dotted keys in which two config dicts differ."""
    keys = set()
    for key in set(first) | set(second):
        a, b = first.get(key), second.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            keys |= {f'{key}.{name}' for name in differences(a, b)}
        elif a != b:
            keys.add(key)
    return keys


@pytest.mark.parametrize(
    'size', ['r101_fpn_12e_deeplesion', 'r18_fpn_5e_phantom']
)
def test_the_mask_branch_is_the_only_difference_without_it(size):
    without = load(ROOT / f'configs/faster_rcnn/faster-rcnn_{size}.py')
    with_mask = load(ROOT / f'configs/mask_rcnn/mask-rcnn_{size}.py')
    keys = differences(without.to_dict(), with_mask.to_dict())
    # How many checkpoints are kept is no part of the method.
    assert keys - {'default_hooks.checkpoint.max_keep_ckpts'} == {
        'model.type',
        'model.data_preprocessor.pad_mask',
        'model.roi_head.mask_head',
        'model.roi_head.mask_roi_extractor',
        'model.train_cfg.rcnn.mask_size',
        'model.test_cfg.rcnn.mask_thr_binary',
    }


def full_size_models():
    """The first config of each full-size model."""
    first = {}
    for path in CONFIGS:
        if not path.stem.endswith('_phantom'):
            first.setdefault(repr(read(path).model), path)
    return list(first.values())


@pytest.mark.parametrize(
    'path', full_size_models(), ids=lambda path: path.stem
)
def test_a_full_size_model_looks_at_an_image(path):
    config = load(path)
    # Most of the time went into heads of a thousand boxes of noise.
    for stage in {'rpn', 'rcnn'} & set(config.model.test_cfg):
        config.model.test_cfg[stage].max_per_img = 20
    model = untrained(config)
    # A detector with queries needs as many places as queries.
    side = 256 if 'num_queries' in config.model else 128
    image = torch.rand(channels(config), side, side) * 255
    size = (side, side)
    facts = dict(img_shape=size, ori_shape=size, scale_factor=(1.0, 1.0))
    facts['loaded_interval_mm'] = 5.0
    batch = dict(inputs=[image], data_samples=[DetDataSample(metainfo=facts)])
    with torch.no_grad():
        (sample,) = model.eval().test_step(batch)
    assert sample.pred_instances.scores.isfinite().all()
    assert ('masks' in sample.pred_instances) == ('mask_head' in str(model))


OWN_DATA = sorted((ROOT / 'configs/own_data').glob('*.py'))


@pytest.mark.parametrize('path', OWN_DATA, ids=lambda path: path.stem)
def test_own_data_need_one_line_changed(path, tmp_path):
    text = path.read_text().replace("'../", f"'{ROOT}/configs/")
    changed = tmp_path / path.name
    changed.write_text(text.replace("'data/own/'", "'/somewhere/'"))
    config = load(changed)
    assert 'DeepLesion/' not in config.pretty_text
    for split in ('train', 'val', 'test'):
        dataset = config[f'{split}_dataloader'].dataset
        assert dataset.data_root == '/somewhere/'
        assert dataset.data_prefix.img == 'Images_png/'
    for split in ('val', 'test'):
        ann_file = config[f'{split}_evaluator'].ann_file
        assert ann_file == f'/somewhere/{split}.json'


def test_the_papers_settings():
    config = load(ROOT / 'configs/uldor/uldor_r101_fpn_hnem-12e_deeplesion.py')
    optimizer = config.optim_wrapper.optimizer
    assert optimizer.to_dict() == {
        'type': 'SGD',
        'lr': 0.001,
        'momentum': 0.9,
        'weight_decay': 0.0001,
    }
    (schedule,) = config.param_scheduler
    assert (schedule.type, schedule.step_size, schedule.gamma) == (
        'StepLR',
        4,
        0.1,
    )
    assert config.model.backbone.depth == 101
    anchors = config.model.rpn_head.anchor_generator
    assert anchors.base_sizes == [16, 24, 32, 48, 96]
    assert anchors.ratios == [0.5, 1.0, 2.0]
    assert config.train_dataloader.batch_size == 2
    assert config.train_cfg.max_epochs == 12
    hook = HOOKS.build(config.default_hooks.hnem)
    rule = hook.rule
    assert (rule.hit_iou, rule.min_score, rule.max_per_image) == (0.3, 0.7, 3)
    assert (rule.score_thr, rule.nms_iou_thr) == (0.05, 0.5)
    assert rule.max_per_img == 100
    assert rule.max_iou == 0.3
    assert rule.max_iod is None
    assert not hook.accumulate


@pytest.mark.parametrize(
    'path',
    [p for p in CONFIGS if p.parent.name == 'slices' and '_r18_' in p.name],
    ids=lambda path: path.stem,
)
def test_a_model_of_many_channels_learns_and_predicts(path, mini_data):
    config = load(path)
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    model.init_weights()
    dataset = config.train_dataloader.dataset
    dataset.data_root = str(mini_data)
    dataset = build_dataset(dataset)
    batch = pseudo_collate([dataset[0], dataset[1]])
    optimizer = OptimWrapper(torch.optim.AdamW(model.parameters(), lr=1e-3))
    losses = [float(model.train_step(batch, optimizer)['loss'])]
    for _ in range(7):
        losses.append(float(model.train_step(batch, optimizer)['loss']))
    assert losses[-1] < 0.8 * losses[0]
    model.eval()
    with torch.no_grad():
        (sample, _) = model.test_step(batch)
    assert len(sample.pred_instances.scores) > 0
