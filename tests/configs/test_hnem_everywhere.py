"""Hard negatives, a mining rule and spared lesions for every config."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import HOOKS, MODELS, init_default_scope

from mmuldor.apis.browse import build_split
from mmuldor.apis.configs.consistency import make_consistent
from mmuldor.apis.configs.entries import check_entries
from mmuldor.engine.detection.candidates import check_model
from mmuldor.engine.detection.heads import classes_of
from mmuldor.engine.mining_round import mine
from mmuldor.io.json_files import write_json
from mmuldor.mining.rule import MiningRule
from tests.support.small_configs import read_mini_data, untrained

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / 'configs/uldor/README.md'
_CLASSES = {'lesion': 1, 'false_positive': 2}


def can_mine(path):
    """A two-stage config with masks that mines nothing yet."""
    config = Config.fromfile(path)
    head = config.model.get('roi_head', {})
    return 'mask_head' in head and 'hnem' not in config.default_hooks


# Types are classes there; a false positive has none.
CONFIGS = [
    path
    for path in sorted((ROOT / 'configs').rglob('*.py'))
    if not {'_base_', 'lesion_types'} & set(path.parts) and can_mine(path)
]
SMALL = [path for path in CONFIGS if path.stem.endswith('_phantom')]
# One of each kind of model and of pipeline; the others take a minute.
_QUICK = ('cascade', 'alignshift', 'copy-paste', 'body-crop')


def by_config(paths, quick=()):
    """Each config, as a slow test unless its name has one of `quick`."""
    return pytest.mark.parametrize(
        'path',
        [
            path
            if not quick or any(part in path.stem for part in quick)
            else pytest.param(path, marks=pytest.mark.slow)
            for path in paths
        ],
        ids=lambda path: path.stem,
    )


def leaf_of(path, folder):
    """The README's config, with another base."""
    (code,) = re.findall(
        r'(?ms)^\*\*HNEM with another.*?^```python\n(.*?)^```',
        README.read_text('utf-8'),
    )
    example = 'configs/detectors/cascade-mask-rcnn_r101_fpn_12e_deeplesion.py'
    code = code.replace(example, str(path.relative_to(ROOT)))
    assert str(path.relative_to(ROOT)) in code
    leaf = folder / 'leaf.py'
    leaf.write_text(code.replace('/path/to/', f'{ROOT}/'))
    return Config.fromfile(leaf)


def test_there_are_configs():
    names = {path.stem for path in CONFIGS}
    for part in (
        'cascade',
        'swin',
        'dense-anchors',
        'alignshift',
        'copy-paste',
    ):
        assert any(part in name for name in names)
    assert len(SMALL) > 12


@by_config(CONFIGS)
def test_a_config_takes_hard_negatives(path, tmp_path, mini_data):
    init_default_scope('mmdet')
    config = leaf_of(path, tmp_path)
    check_entries(config)
    read_mini_data(config, mini_data)
    make_consistent(config)
    model = MODELS.build(config.model)
    check_model(model)
    assert set(classes_of(model).values()) == {2}
    hook = HOOKS.build(config.default_hooks.hnem)
    assert hook.rule == MiningRule(min_score=0.6, spare_quantile=0.5)
    dataset = build_split(config, 'train')
    (reader,) = dataset.bank_readers
    assert dataset.metainfo['classes'] == tuple(_CLASSES)
    assert reader.label == 1


@by_config(SMALL, _QUICK)
def test_a_config_mines_and_learns_from_it(path, tmp_path, mini_data):
    config = leaf_of(path, tmp_path)
    read_mini_data(config, mini_data)
    config.train_dataloader.dataset.indices = 2
    for part in (
        config.model.test_cfg.rpn,
        config.model.train_cfg.rpn_proposal,
    ):
        part.max_per_img = 20
    model = untrained(config).eval()
    dataset = build_split(config, 'train')
    # Nothing hits, everything scores enough.
    rule = MiningRule(
        hit_iou=0.999, min_score=0.0, score_thr=0.0, spare_quantile=0.5
    )
    pipeline = config.val_dataloader.dataset.pipeline
    bank = mine(model, dataset, pipeline, rule, 0)
    assert bank['counts']['mined'] > 0
    write_json(tmp_path / 'bank.json', bank)
    (step,) = [
        step
        for step in config.train_dataloader.dataset.pipeline
        if step['type'] == 'mmuldor.AddHardNegatives'
    ]
    step['bank'] = str(tmp_path / 'bank.json')
    samples = build_split(config, 'train')
    batch = pseudo_collate([samples[0], samples[1]])
    labels = {
        label
        for sample in batch['data_samples']
        for label in sample.gt_instances.labels.tolist()
    }
    assert labels == {0, 1}
    data = model.data_preprocessor(batch, training=True)
    losses = model.train()(**data, mode='loss')
    total, _ = model.parse_losses(losses)
    assert total.isfinite()
    assert any('mask' in name for name in losses)
