"""What MMEngine has of a resumed run in private attributes.

``after_load_checkpoint`` of a hook is not told whether a run resumes or
trains, and the public ``train_loop`` would build the loop and the training
data, even in a run that only tests. ``iter`` of a loop can only be read. Seen
with onedl-mmengine 0.10.12, for ``>=0.10.12,<0.11``.
"""

from __future__ import annotations

from mmengine.runner import EpochBasedTrainLoop, Runner


def is_resumed(runner: Runner) -> bool:
    """Whether the run resumes from a checkpoint, with its optimiser."""
    return bool(runner._resume)


def is_training(runner: Runner) -> bool:
    """Whether the training loop is built, which precedes loading weights."""
    return not isinstance(runner._train_loop, (dict, type(None)))


def begin_epoch(runner: Runner) -> None:
    """Count iterations as if all epochs had been as long as they are now.

    Resumed with other images an iteration, or after half an epoch, the count
    would not be that of the loop's ``max_iters``: gradients of accumulated
    batches would be scaled wrongly to the end.
    """
    loop = runner.train_loop
    if isinstance(loop, EpochBasedTrainLoop):
        loop._iter = loop.epoch * len(loop.dataloader)
