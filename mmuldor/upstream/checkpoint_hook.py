"""Public methods around the saving of checkpoints by MMEngine's hook.

``CheckpointHook`` saves in two private methods, which remove the old file
before they write the new one. Seen with onedl-mmengine 0.10.12, for
``>=0.10.12,<0.11``.
"""

from __future__ import annotations

from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner


class CheckpointHookPoints(CheckpointHook):
    """MMEngine's hook with public methods for saving, to be overridden."""

    def save_step_checkpoint(
        self, runner: Runner, step: int, meta: dict
    ) -> None:
        """Remove the oldest file, then save epoch or iteration ``step``."""
        super()._save_checkpoint_with_step(runner, step, meta)

    def save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        """If ``metrics`` are the best, replace the best checkpoint."""
        super()._save_best_checkpoint(runner, metrics)

    def _save_checkpoint_with_step(
        self, runner: Runner, step: int, meta: dict
    ) -> None:
        self.save_step_checkpoint(runner, step, meta)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        self.save_best_checkpoint(runner, metrics)
