"""Hooks."""

from mmuldor.engine.hooks.careful_checkpoint_hook import CarefulCheckpointHook
from mmuldor.engine.hooks.channels_last_hook import ChannelsLastHook
from mmuldor.engine.hooks.ct_visualization_hook import CTVisualizationHook
from mmuldor.engine.hooks.early_stopping_hook import TrainingEarlyStoppingHook
from mmuldor.engine.hooks.head_expansion_hook import HeadExpansionHook
from mmuldor.engine.hooks.hnem_hook import HNEMHook
from mmuldor.engine.hooks.model_check_hook import ModelCheckHook
from mmuldor.engine.hooks.repeat_hook import RepeatHook
from mmuldor.engine.hooks.sync_buffers_hook import SyncBuffersHook
from mmuldor.engine.hooks.val_loss_hook import ValLossHook

__all__ = [
    'CTVisualizationHook',
    'CarefulCheckpointHook',
    'ChannelsLastHook',
    'HNEMHook',
    'HeadExpansionHook',
    'ModelCheckHook',
    'RepeatHook',
    'SyncBuffersHook',
    'TrainingEarlyStoppingHook',
    'ValLossHook',
]
