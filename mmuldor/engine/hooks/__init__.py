"""Hooks."""

from mmuldor.engine.hooks.early_stopping_hook import TrainingEarlyStoppingHook
from mmuldor.engine.hooks.head_expansion_hook import HeadExpansionHook
from mmuldor.engine.hooks.hnem_hook import HNEMHook
from mmuldor.engine.hooks.val_loss_hook import ValLossHook

__all__ = [
    'HNEMHook',
    'HeadExpansionHook',
    'TrainingEarlyStoppingHook',
    'ValLossHook',
]
