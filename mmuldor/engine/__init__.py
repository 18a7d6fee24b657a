"""Hooks and loops of the runner."""

from mmuldor.engine.hooks import (
    HeadExpansionHook,
    HNEMHook,
    TrainingEarlyStoppingHook,
    ValLossHook,
)

__all__ = [
    'HNEMHook',
    'HeadExpansionHook',
    'TrainingEarlyStoppingHook',
    'ValLossHook',
]
