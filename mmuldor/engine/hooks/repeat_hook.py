"""Resumed runs give the same results as uninterrupted ones."""

from __future__ import annotations

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmengine.runner.utils import set_random_seed

from mmuldor.functional.seeds import mixed_seed
from mmuldor.registry import HOOKS


@HOOKS.register_module()
class RepeatHook(Hook):
    """Seed each iteration by its number, and repeat validation on a resume.

    MMEngine does not save the states of random generators, which the samplers
    of RPN and RoI head use. Here they are seeded by (seed, process,
    iteration) in each iteration. ``EpochSampler`` does the same for the
    pipeline.

    MMEngine also writes the checkpoint of an epoch before its validation, so
    a resumed run would lose the metrics and the best score so far. Therefore
    the epoch of the checkpoint is validated again first.

    Example:
        ``default_hooks = dict(repeat=dict(type='mmuldor.RepeatHook'))``
    """

    # After all other hooks, since it runs a validation.
    priority = 'LOWEST'

    def before_train(self, runner: Runner) -> None:
        """Validate the epoch of a resumed checkpoint, if validation is due."""
        loop = runner.train_loop
        if not isinstance(loop, EpochBasedTrainLoop) or loop.epoch == 0:
            return
        due = loop.epoch >= loop.val_begin and (
            loop.epoch % loop.val_interval == 0
            or loop.epoch == loop.max_epochs
        )
        if due and runner.val_loop is not None:
            runner.logger.info(f'validating epoch {loop.epoch} again')
            runner.val_loop.run()

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Seed the random numbers that the model draws."""
        set_random_seed(mixed_seed(runner.seed, get_rank(), runner.iter))
