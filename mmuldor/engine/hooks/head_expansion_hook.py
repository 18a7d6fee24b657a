"""Check a checkpoint's classes; expand a lesion model's heads for HNEM."""

from __future__ import annotations

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmuldor.engine.detection.heads import unwrapped
from mmuldor.engine.detection.weights import (
    check_classes,
    check_shapes,
    expand_heads,
    weights_of,
)
from mmuldor.registry import HOOKS
from mmuldor.upstream.resuming import is_resumed, is_training


@HOOKS.register_module()
class HeadExpansionHook(Hook):
    """Let a one-class checkpoint start a two-class (HNEM) model.

    Fires after a checkpoint was read and before the model gets it. If a
    training starts from it (``load_from``, no resume), the rows of lesion and
    background of the classification, box and mask layers are copied; new
    classes keep the model's initialisation.

    Errors are: any other difference in the number of classes, missing
    tensors, other shapes, and NaN. MMEngine would only warn and continue with
    random layers.

    Example:
        ``default_hooks = dict(heads=dict(type='mmuldor.HeadExpansionHook'))``
    """

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Rewrite ``checkpoint['state_dict']`` in place."""
        target = unwrapped(runner.model).state_dict()
        state = weights_of(checkpoint)
        if is_training(runner) and not is_resumed(runner):
            names = expand_heads(state, target)
            if names:
                runner.logger.info(
                    'head expansion: the lesion rows of '
                    f'{", ".join(names)} were copied, new classes initialised'
                )
            # A training may start from a backbone alone.
            complete = any(name in state for name in target)
        else:
            check_classes(state, target)
            complete = all(name in state for name in target)
        check_shapes(state, target)
        if not complete:
            missing = [name for name in target if name not in state]
            raise ValueError(
                f'the checkpoint lacks {len(missing)} of the {len(target)} '
                f'tensors of the model, for example `{missing[0]}`. Use the '
                'config it was trained with.'
            )
