"""A resumed run goes on as if it had not been stopped."""

from __future__ import annotations

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmengine.runner.utils import set_random_seed

from mmuldor.functional.seeds import mixed_seed
from mmuldor.registry import HOOKS


@HOOKS.register_module()
class RepeatHook(Hook):
    """Seed each iteration by its number, and validate again on a resume.

    MMEngine saves no state of the random generators, which the samplers of
    RPN and RoI head draw from; here they are seeded by (seed, process,
    iteration). It also writes an epoch's checkpoint before the epoch is
    validated: what a validation found, and the best score so far, would be
    lost in a resumed run. So the epoch that was resumed from is validated
    again first. ``EpochSampler`` does for the pipeline's draws what this hook
    does for the model's.

    Example:
        ``default_hooks = dict(repeat=dict(type='mmuldor.RepeatHook'))``
    """

    # After all that a validation needs has been set up.
    priority = 'LOWEST'

    def before_train(self, runner: Runner) -> None:
        """Validate the epoch that was resumed from, if it is one to be."""
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
        """Seed what the model draws."""
        set_random_seed(mixed_seed(runner.seed, get_rank(), runner.iter))
