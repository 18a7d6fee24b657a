"""Public methods where MMEngine's hook saves checkpoints.

``CheckpointHook`` removes an old file before it writes the new one, inside
two private methods, and offers no point between. Seen with onedl-mmengine
0.10.12, for ``>=0.10.12,<0.11``.
"""

from __future__ import annotations

from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner


class CheckpointHookPoints(CheckpointHook):
    """MMEngine's hook, whose two ways to save can be overridden."""

    def save_step_checkpoint(
        self, runner: Runner, step: int, meta: dict
    ) -> None:
        """Save the epoch or iteration ``step``; the oldest file goes first."""
        super()._save_checkpoint_with_step(runner, step, meta)

    def save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        """Save the model if ``metrics`` are the best; the last best goes."""
        super()._save_best_checkpoint(runner, metrics)

    def _save_checkpoint_with_step(
        self, runner: Runner, step: int, meta: dict
    ) -> None:
        self.save_step_checkpoint(runner, step, meta)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        self.save_best_checkpoint(runner, metrics)
