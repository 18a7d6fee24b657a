"""Check that a model and its data have the same classes."""

from __future__ import annotations

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmuldor.engine.heads import classes_of
from mmuldor.registry import HOOKS


@HOOKS.register_module()
class ClassCheckHook(Hook):
    """Refuse a model of other classes than its data before the first image.

    mmdet would train labels that a head lacks into an index error, or leave
    classes of a head without a single example, in silence. Data for
    validation and tests may have the first of the training's classes only: an
    HNEM model's false positives are annotated nowhere.

    Fires before a training and before a test; writes nothing.

    Example:
        ``default_hooks = dict(classes=dict(type='mmuldor.ClassCheckHook'))``
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Check the training's data, and the validation's against it."""
        trained = _classes(runner.train_dataloader)
        _check_model(runner.model, trained, 'training')
        if runner.val_loop is not None:
            validated = _classes(runner.val_dataloader)
            if trained[: len(validated)] != validated:
                raise ValueError(
                    f'the validation data have the classes {validated}, '
                    f"which are not the first of the training's {trained}. "
                    'Give both the same `lesion_types` or '
                    '`metainfo.classes`.'
                )

    def before_test(self, runner: Runner) -> None:
        """Check the tested data."""
        classes = _classes(runner.test_dataloader)
        # The false-positive class of HNEM comes second.
        _check_model(runner.model, classes, 'test', spare=len(classes) == 1)


def _classes(loader) -> tuple[str, ...]:
    return tuple(loader.dataset.metainfo['classes'])


def _check_model(model, classes, split, spare=False) -> None:
    # In a wrapper of processes, of views, or of both.
    while hasattr(model, 'module'):
        model = model.module
    for name, number in classes_of(model).items():
        if number not in (len(classes), len(classes) + spare):
            raise ValueError(
                f'`model.{name}.num_classes` is {number}, but the {split} '
                f'data have {len(classes)} classes, {classes}. Set one to '
                'the other.'
            )
