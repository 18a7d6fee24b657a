"""Early stopping that can be resumed and does not affect tests."""

from __future__ import annotations

from mmengine.hooks import EarlyStoppingHook
from mmengine.runner import Runner

from mmuldor.registry import HOOKS
from mmuldor.upstream.resuming import is_resumed

# The attributes of the hook's state, and the checkpoint's key for them.
_STATE = ('best_score', 'wait_count')
_KEY = 'early_stopping'


@HOOKS.register_module()
class TrainingEarlyStoppingHook(EarlyStoppingHook):
    """MMEngine's early stopping, with its state in the checkpoint.

    MMEngine's hook starts counting its patience again after a resume. Before
    a test it also uses the training loop, which builds the training data and
    checks all its files: a test would fail without training data.

    Example:
        ``default_hooks = dict(early_stopping=dict(
        type='mmuldor.TrainingEarlyStoppingHook', monitor='val_loss',
        rule='less', patience=5))``

    Args:
        *args: As for MMEngine's ``EarlyStoppingHook``.
        **kwargs: As for MMEngine's ``EarlyStoppingHook``.
    """

    def before_run(self, runner: Runner) -> None:
        """Do nothing; MMEngine's hook would build the training data."""

    def before_train(self, runner: Runner) -> None:
        """Check that the loop can be stopped."""
        super().before_run(runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the state to the checkpoint."""
        checkpoint[_KEY] = {name: getattr(self, name) for name in _STATE}

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Restore the state if the run is resumed."""
        if is_resumed(runner) and _KEY in checkpoint:
            for name in _STATE:
                setattr(self, name, checkpoint[_KEY][name])
