import pytest
from mmengine.config import Config

from mmuldor.apis import load_config
from mmuldor.apis.configs.packed_slices import set_store
from mmuldor.datasets.transforms import LoadCTSlices

FULL = 'configs/mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py'
SMALL = 'configs/mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py'
FIRST = 'train_dataloader.dataset.pipeline.0.store'


def stores(config):
    """Stores of the four pipelines."""
    return [
        pipeline[0].get('store', 'no key')
        for pipeline in (
            config.train_dataloader.dataset.pipeline,
            config.val_dataloader.dataset.pipeline,
            config.test_dataloader.dataset.pipeline,
            config.val_loss_pipeline,
        )
    ]


@pytest.mark.parametrize(
    ('path', 'arguments', 'expected'),
    [
        (FULL, {}, [None] * 4),
        (FULL, {'default_store': 'variable'}, ['variable'] * 4),
        (FULL, {'default_store': ''}, [None] * 4),
        (FULL, {'store': 'typed'}, ['typed'] * 4),
        (
            FULL,
            {'store': 'typed', 'default_store': 'variable'},
            ['typed'] * 4,
        ),
        # What a config says, also by --cfg-options, wins over a default only.
        (
            FULL,
            {'cfg_options': {FIRST: 'own'}, 'default_store': 'variable'},
            ['own', *['variable'] * 3],
        ),
        (
            FULL,
            {'cfg_options': {FIRST: 'own'}, 'store': 'typed'},
            ['typed'] * 4,
        ),
        # A variable that is meant for DeepLesion does no harm to a phantom.
        (SMALL, {'default_store': 'variable'}, ['no key'] * 4),
        (SMALL, {'store': 'typed'}, ['typed'] * 4),
    ],
)
def test_which_store_wins(root, path, arguments, expected):
    assert stores(load_config(str(root / path), **arguments)) == expected


def test_nothing_else_of_a_config_changes(root):
    without = load_config(str(root / FULL)).to_dict()
    packed = load_config(str(root / FULL), store='a store').to_dict()
    assert packed != without
    assert emptied(packed) == without


def emptied(value):
    """The same without the name of the store."""
    if isinstance(value, dict):
        return {key: emptied(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(emptied, value))
    return None if value == 'a store' else value


def test_every_loading_step_is_found():
    step = {'type': 'LoadCTSlices', 'store': None}
    config = Config({'hooks': [{'pipeline': [dict(step)]}], 'step': step})
    set_store(config, None, 'x')
    assert config.hooks[0].pipeline[0].store == config.step.store == 'x'


def test_a_class_as_type():
    config = Config(dict(pipeline=[dict(type=LoadCTSlices)]))
    set_store(config, 'typed', None)
    assert config.pipeline[0].store == 'typed'
