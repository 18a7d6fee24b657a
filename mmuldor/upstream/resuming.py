"""Whether a runner resumes or trains, for hooks that see a checkpoint.

``after_load_checkpoint`` of a hook does not get this information. MMEngine has
it in private attributes; the public ``train_loop`` would build the loop and
the training data, even in a run that only tests. Seen with onedl-mmengine
0.10.12, for ``>=0.10.12,<0.11``.
"""

from __future__ import annotations

from mmengine.runner import Runner


def is_resumed(runner: Runner) -> bool:
    """Whether the run resumes from a checkpoint, with its optimiser."""
    return bool(runner._resume)


def is_training(runner: Runner) -> bool:
    """Whether the training loop is built, which precedes loading weights."""
    return not isinstance(runner._train_loop, (dict, type(None)))
