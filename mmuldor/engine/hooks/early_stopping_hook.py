"""Early stopping that survives a resume and leaves tests alone."""

from __future__ import annotations

from mmengine.hooks import EarlyStoppingHook
from mmengine.runner import Runner

from mmuldor.registry import HOOKS
from mmuldor.upstream.resuming import is_resumed

# What the hook has learned so far, and the checkpoint's key for it.
_STATE = ('best_score', 'wait_count')
_KEY = 'early_stopping'


@HOOKS.register_module()
class TrainingEarlyStoppingHook(EarlyStoppingHook):
    """MMEngine's early stopping, whose state is in the checkpoint.

    MMEngine's own waits its whole patience again after a resume. It also asks
    for the training loop before a test, which builds the training data: a
    test would fail without it, and check all its files.

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

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Save what was learned."""
        checkpoint[_KEY] = {name: getattr(self, name) for name in _STATE}

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Go on from there if the run is resumed; new runs start anew."""
        if is_resumed(runner) and _KEY in checkpoint:
            for name in _STATE:
                setattr(self, name, checkpoint[_KEY][name])
