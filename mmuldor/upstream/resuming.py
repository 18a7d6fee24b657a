"""What a runner is about to do with the checkpoint that it loads.

A hook's ``after_load_checkpoint`` is not told, and MMEngine keeps both answers
in private attributes: its ``train_loop`` would build the loop, and with it the
training data, of a run that only tests. Seen with onedl-mmengine 0.10.12, for
``>=0.10.12,<0.11``.
"""

from __future__ import annotations

from mmengine.runner import Runner


def is_resumed(runner: Runner) -> bool:
    """Whether the run goes on from a checkpoint, with its optimiser."""
    return bool(runner._resume)


def is_training(runner: Runner) -> bool:
    """Whether the training loop is built, as it is before weights load."""
    return not isinstance(runner._train_loop, (dict, type(None)))
