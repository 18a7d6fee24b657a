"""One set of BatchNorm statistics for all processes, averages included."""

from __future__ import annotations

from mmengine.dist import all_reduce_params
from mmengine.hooks import EMAHook
from mmengine.hooks import SyncBuffersHook as _SyncBuffersHook
from mmengine.runner import Runner

from mmuldor.registry import HOOKS


@HOOKS.register_module()
class SyncBuffersHook(_SyncBuffersHook):
    """MMEngine's hook, which also serves the averaged weights of ``EMAHook``.

    That hook copies the buffers of its own process in every iteration, and a
    checkpoint holds the copy. Without this, the statistics in a checkpoint are
    those of the first process, but the validated ones are the mean of all.

    Example:
        ``default_hooks = dict(sync_buffers=dict(
        type='mmuldor.SyncBuffersHook'))``
    """

    def before_val_epoch(self, runner: Runner) -> None:
        """Synchronise before a validation within an epoch."""
        if not self.called_in_train:
            self._synchronise_averages(runner)
        super().before_val_epoch(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Synchronise at the end of each epoch."""
        self._synchronise_averages(runner)
        super().after_train_epoch(runner)

    def _synchronise_averages(self, runner: Runner) -> None:
        for hook in runner.hooks if self.distributed else ():
            if isinstance(hook, EMAHook):
                buffers = hook.ema_model.module.buffers()
                all_reduce_params(buffers, op='mean')
