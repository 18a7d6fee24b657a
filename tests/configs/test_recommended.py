"""The recommended recipe: its parts, its batches and its small sibling."""

import re

import numpy as np
import pytest
import torch
from mmengine.config import Config

from benchmarks.cost.estimate import IMAGES_A_GPU, plans
from benchmarks.recipe.plan import COMBINATIONS, RECIPE
from mmuldor.apis import load_config
from mmuldor.apis.checks.model import untrained as untrained_model
from mmuldor.apis.configs.entries import check_entries
from mmuldor.scans.volume import Volume
from tests.conftest import ROOT
from tests.support.small_configs import CONFIGS, train_briefly

FULL = (
    CONFIGS
    / 'recommended/recommended_densenet121_fpn_7slices-20e_deeplesion.py'
)
SMALL = CONFIGS / 'recommended/recommended_densenet_fpn_3slices-5e_phantom.py'
# Of benchmarks/recipe/plan.py.
COMBINATION = 'shift-crop'


def pipelines(config):
    return (
        config.train_dataloader.dataset.pipeline,
        config.val_loss_pipeline,
        config.test_dataloader.dataset.pipeline,
    )


def steps(pipeline):
    return {step['type'].removeprefix('mmuldor.'): step for step in pipeline}


def test_both_sizes_have_the_same_steps_and_parts():
    full, small = Config.fromfile(FULL), Config.fromfile(SMALL)
    for large, little in zip(pipelines(full), pipelines(small), strict=True):
        assert list(steps(large)) == list(steps(little))
    parts = [
        (
            config.model.type,
            config.model.backbone.type,
            config.model.backbone.fusion.type,
            config.model.backbone.backbone.type,
            config.model.data_preprocessor.interval_channel,
        )
        for config in (full, small)
    ]
    assert parts[0] == parts[1]


def test_the_small_sibling_is_a_combination_of_the_study():
    assert RECIPE == COMBINATION
    config = Config.fromfile(ROOT / COMBINATIONS[COMBINATION])
    assert config.to_dict() == Config.fromfile(SMALL).to_dict()


def test_the_parts_for_real_lesions():
    config = Config.fromfile(FULL)
    anchors = config.model.rpn_head.anchor_generator
    assert (anchors.octave_base_scale, anchors.scales_per_octave) == (4, 3)
    assert config.model.train_cfg.rpn.assigner.pos_iou_thr == 0.6
    for pipeline in pipelines(config):
        found = steps(pipeline)
        load = found['LoadCTSlices']
        assert (load.num_slices, load.slice_interval_mm) == (7, 2.0)
        if 'RecistToMask' in found:
            mask = found['RecistToMask']
            assert (mask.grow_px, tuple(mask.offset_px)) == (0.6, (0.4, 0.6))


def test_its_head_states_what_the_tools_do_on_several_gpus():
    rows = re.findall(
        r'^# +(\d+) +(\d+) +(\d+) +([\d.]+) +(\d+)$', FULL.read_text(), re.M
    )
    found = plans(Config.fromfile(FULL), list(IMAGES_A_GPU))
    assert [tuple(map(float, row)) for row in rows] == [
        (
            plan.gpus,
            IMAGES_A_GPU[plan.gpus],
            plan.batch,
            pytest.approx(plan.rate),
            plan.warm_up,
        )
        for plan in found
    ]
    assert Config.fromfile(FULL).train_dataloader.batch_size == 16


BLOCKS = re.findall(
    r'(?ms)^```python\n(.*?)^```', FULL.with_name('README.md').read_text()
)


def changed(code, folder):
    """The model of a block of the README without its weights, and config."""
    path = folder / 'changed.py'
    path.write_text(code.replace("'../", f"'{CONFIGS}/"))
    config = load_config(str(path))
    check_entries(config)
    return untrained_model(config), config


@pytest.mark.parametrize('code', BLOCKS)
def test_one_thing_can_be_changed(code, tmp_path):
    model, config = changed(code, tmp_path)
    channels = 7 + config.model.data_preprocessor.interval_channel
    image = torch.rand(1, channels, 64, 64)
    # The distance of the slices, mm.
    image[:, -1] = 2.0
    with torch.no_grad():
        maps = model.eval().extract_feat(image)
    assert [level.shape[-1] for level in maps] == [16, 8, 4, 2, 1]
    found = [
        step
        for pipeline in pipelines(config)
        for step in pipeline
        if step['type'].endswith('ResizeToSpacing')
    ]
    assert len(found) == 3
    spacings = {step['spacing_mm'] for step in found}
    assert spacings == {0.6 if 'spacing_mm' in code else 0.8}


def test_slices_are_changed_by_options():
    (options,) = re.findall(
        r'--cfg-options (model.backbone.num_slices=3 [^`]*?)\n```',
        FULL.with_name('README.md').read_text(),
    )
    words = options.replace('\\\n', ' ').split()
    pairs = (word.split('=') for word in words)
    options = {key: int(value) for key, value in pairs}
    config = load_config(str(FULL), cfg_options=options)
    assert config.model.backbone.num_slices == 3
    loads = [steps(p)['LoadCTSlices'] for p in pipelines(config)]
    loads.append(steps(config.val_dataloader.dataset.pipeline)['LoadCTSlices'])
    assert [load.num_slices for load in loads] == [3] * 4


def test_it_learns_and_looks_at_a_scan(mini_data, tmp_path):
    val_loss, detector = train_briefly(SMALL, mini_data, tmp_path)
    assert np.isfinite(val_loss)
    rows, columns = np.ogrid[:160, :160]
    body = (rows - 90) ** 2 + (columns - 90) ** 2 < 40**2
    hu = np.where(body, 40, -1000).astype(np.int16)
    volume = Volume(np.stack([hu] * 4), np.diag([1.2, 1.2, 2.0, 1]), 'scan')
    boxes = np.array([d.box_px for d in detector.detect_slices(volume)])
    # In px of the whole slice: the body and 10 mm reach from 41 to 139, and
    # the crop is 98 px wide.
    assert 40 <= boxes.min() < boxes.max() <= 140
    assert boxes.max() > 100
