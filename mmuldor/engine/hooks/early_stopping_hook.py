"""Early stopping that leaves tests alone."""

from __future__ import annotations

from mmengine.hooks import EarlyStoppingHook
from mmengine.runner import Runner

from mmuldor.registry import HOOKS


@HOOKS.register_module()
class TrainingEarlyStoppingHook(EarlyStoppingHook):
    """MMEngine's early stopping, whose set-up waits for a training.

    MMEngine's own asks for the training loop before a test too, which builds
    the training data: a test would fail without it, and check all its files.

    Example:
        ``default_hooks = dict(early_stopping=dict(
        type='mmuldor.TrainingEarlyStoppingHook', monitor='val_loss',
        rule='less', patience=5))``

    Args:
        *args: As for MMEngine's ``EarlyStoppingHook``.
        **kwargs: Likewise.
    """

    def before_run(self, runner: Runner) -> None:
        """Nothing yet."""

    def before_train(self, runner: Runner) -> None:
        """Check that the loop can be stopped."""
        super().before_run(runner)
