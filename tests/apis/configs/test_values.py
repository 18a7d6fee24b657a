import numpy as np
import pytest
from mmengine.config import Config

from mmuldor.apis.configs.values import check_values


def config(**settings):
    made = Config(
        {
            'train_cfg': {'max_epochs': 2, 'val_interval': 1},
            'optim_wrapper': {'optimizer': {'type': 'SGD', 'lr': 0.1}},
            'train_dataloader': {'batch_size': 1, 'num_workers': 0},
            'val_dataloader': None,
            'randomness': {'seed': None},
            'log_level': 'INFO',
        }
    )
    made.merge_from_dict(settings)
    return made


@pytest.mark.parametrize(
    ('key', 'value', 'must_be'),
    [
        ('train_cfg.max_epochs', -1, 'an integer of 1 or more'),
        ('train_cfg.max_epochs', 'abc', 'an integer of 1 or more'),
        ('train_cfg.val_interval', 1.5, 'an integer of 1 or more'),
        ('train_dataloader.num_workers', True, 'an integer of 0 or more'),
        ('optim_wrapper.optimizer.lr', 'abc', 'a number of 0 or more'),
        ('optim_wrapper.optimizer.lr', float('nan'), 'a number of 0 or more'),
        ('randomness.seed', 2**32, 'an integer from 0 to 4294967295, or None'),
        ('log_level', 'LOUD', 'one of DEBUG, INFO'),
        ('log_level', ['INFO'], 'one of DEBUG, INFO'),
        ('train_cfg.max_epochs', 2.5, 'an integer of 1 or more'),
        ('train_cfg.max_iters', float('inf'), 'an integer of 1 or more'),
        ('optim_wrapper.optimizer.weight_decay', None, 'a number of 0 or'),
    ],
)
def test_a_wrong_value_is_named_with_its_key(key, value, must_be):
    with pytest.raises(ValueError, match=f'`{key}` must be {must_be}'):
        check_values(config(**{key: value}))


def test_right_values():
    check_values(Config({}))
    check_values(config())
    check_values(config(log_level=10, **{'optim_wrapper.optimizer.lr': 0}))


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('train_cfg.max_iters', 9e4),
        ('train_cfg.max_epochs', np.int64(3)),
        ('optim_wrapper.optimizer.lr', 0.01 * np.sqrt(2)),
        ('optim_wrapper.optimizer.lr', None),
        ('log_level', 'WARN'),
    ],
)
def test_what_mmengine_and_torch_take(key, value):
    check_values(config(**{key: value}))
