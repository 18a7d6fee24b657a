"""Figures that choose checkpoints are those that a validation computes."""

import pytest
from mmengine.config import Config
from mmengine.hooks import Hook

from mmuldor.apis.configs.consistency import make_consistent


class DiceHook(Hook):
    """A hook of a user, which adds a figure to those of the validation."""


def made(best, prefix=None, hooks=()):
    config = Config(
        dict(
            val_cfg=dict(),
            val_dataloader=dict(),
            val_evaluator=dict(type='mmuldor.FROCMetric', prefix=prefix),
            default_hooks=dict(
                logger=dict(interval=20),
                checkpoint=dict(
                    type='mmuldor.CarefulCheckpointHook',
                    save_best=best,
                    rule='greater',
                ),
            ),
            custom_hooks=list(hooks),
        )
    )
    make_consistent(config)
    return config.default_hooks.checkpoint.save_best


@pytest.mark.parametrize(
    ('best', 'prefix'),
    [
        ('froc/mean', None),
        ('froc/lung/sens@4', None),
        ('own/mean', 'own'),
        ('tests/own/mean', 'tests/own'),
        ('froc/own/mean', 'froc/own'),
    ],
)
def test_figures_of_froc(best, prefix):
    assert made(best, prefix) == [best]


@pytest.mark.parametrize(
    ('best', 'prefix'),
    [
        ('dice/mean', None),
        ('tests/mean', 'tests/own'),
        ('froc/sens@3', None),
        ('tests/own/sens@3', 'tests/own'),
    ],
)
def test_what_no_metric_has_is_refused(best, prefix):
    with pytest.raises(ValueError, match=f'no {best!r}.*`{prefix or "froc"}/'):
        made(best, prefix, [dict(type='EMAHook')])


def test_hooks_of_a_user_may_compute_figures():
    assert made('dice/mean', hooks=[dict(type=DiceHook)]) == ['dice/mean']
    with pytest.raises(ValueError, match="no 'froc/sens@3'"):
        made('froc/sens@3', hooks=[dict(type=DiceHook)])


@pytest.mark.parametrize(
    ('drop_last', 'expected'),
    [
        (True, 'mmuldor.AspectBatchSampler'),
        (False, 'mmdet.AspectRatioBatchSampler'),
    ],
)
def test_processes_get_as_many_batches_as_each_other(drop_last, expected):
    sampler = dict(type='mmdet.AspectRatioBatchSampler')
    loader = dict(batch_sampler=sampler, drop_last=drop_last)
    config = Config(dict(train_dataloader=loader))
    make_consistent(config)
    found = config.train_dataloader
    assert 'drop_last' not in found
    assert found.batch_sampler == dict(type=expected, drop_last=drop_last)
