"""Check that the parts of a model fit each other and its data."""

from __future__ import annotations

import torch
from mmdet.models.detectors import BaseDetector
from mmengine.config import Config
from mmengine.dataset import BaseDataset, ConcatDataset, pseudo_collate
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from torch import nn

from mmuldor.engine.base_dataset import unwrapped_dataset
from mmuldor.engine.detection.generators import generators_kept
from mmuldor.engine.detection.heads import (
    classes_of,
    unwrapped,
    warning_of_ignored,
)
from mmuldor.engine.detection.image_stream import single_images
from mmuldor.engine.detection.one_pass import features_known
from mmuldor.engine.runner.config_errors import MISFIT
from mmuldor.registry import HOOKS


@HOOKS.register_module()
class ModelCheckHook(Hook):
    """Refuse a model whose parts do not fit each other or its data.

    Before a training, the first training image goes through the model, with a
    test pipeline. This finds different numbers of channels in backbone and
    neck, and operators that are not available. For a label without a class in
    the heads, mmdet would raise an index error in training; classes without
    training data it would not report. Ignored regions that an assigner takes
    for background are a warning. Validation and test data may have only
    the first of the training's classes, since an HNEM model's false positives
    are not annotated.

    Fires before a training and before a test; writes nothing.

    Example:
        ``default_hooks = dict(
        model_check=dict(type='mmuldor.ModelCheckHook'))``
    """

    # After HNEMHook, whose own checks say more.
    priority = 'VERY_LOW'

    def before_train(self, runner: Runner) -> None:
        """Check the model with the training data, then the validation data."""
        trained = _classes(runner.train_dataloader)
        _check_model(runner.model, trained, 'training')
        _check_parts(runner.model, _first_image(runner))
        warning = warning_of_ignored(
            unwrapped(runner.model),
            _ignored_regions(runner.train_dataloader.dataset),
        )
        if warning:
            runner.logger.warning(warning)
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
        """Check the classes of the test data."""
        classes = _classes(runner.test_dataloader)
        # The false-positive class of HNEM comes second.
        _check_model(runner.model, classes, 'test', spare=len(classes) == 1)


def _classes(loader) -> tuple[str, ...]:
    return tuple(loader.dataset.metainfo['classes'])


def _ignored_regions(dataset: BaseDataset) -> int:
    dataset = unwrapped_dataset(dataset)
    if isinstance(dataset, ConcatDataset):
        return sum(map(_ignored_regions, dataset.datasets))
    # Datasets of mmdet do not count them.
    return getattr(dataset, 'ignored_regions', 0)


def _check_model(model, classes, split, spare=False) -> None:
    for name, number in classes_of(unwrapped(model)).items():
        if number not in (len(classes), len(classes) + spare):
            raise ValueError(
                f'`model.{name}.num_classes` is {number}, but the {split} '
                f'data have {len(classes)} classes, {classes}. Set one to '
                'the other.'
            )


def _first_image(runner: Runner) -> dict:
    """A collated batch of the first training image.

    The states of random generators are restored.
    """
    dataset = unwrapped_dataset(runner.train_dataloader.dataset)
    if isinstance(dataset, ConcatDataset):
        dataset = dataset.datasets[0]
    pipeline = _pipeline(runner.cfg)
    with generators_kept():
        if pipeline is None:
            return pseudo_collate([dataset[0]])
        return next(iter(single_images(dataset, pipeline, [0], 0)))


def _pipeline(config: Config) -> list[dict] | None:
    """The pipeline of the test or validation, which draws nothing."""
    for split in ('test', 'val'):
        loader = config.get(f'{split}_dataloader')
        if loader is not None:
            return loader.dataset.get('pipeline')
    return None


def _check_parts(model: nn.Module, batch: dict) -> None:
    """Extract features of a batch and predict on it.

    Without this, operators that need compilation would fail only after an
    epoch, in the validation. Other errors of the prediction are warnings,
    since random weights may cause them.
    """
    detector: BaseDetector = unwrapped(model)
    was_training = detector.training
    detector.eval()
    try:
        with torch.no_grad():
            data = detector.data_preprocessor(batch, False)
            features = detector.extract_feat(data['inputs'])
            with features_known(detector, features):
                _try_prediction(detector, data)
    except NotImplementedError as error:
        raise ValueError(f'the model cannot work here: {error}') from error
    except (RuntimeError, IndexError, AssertionError) as error:
        raise ValueError(f'{MISFIT}: {error}') from error
    finally:
        detector.train(was_training)


def _try_prediction(model: BaseDetector, data: dict) -> None:
    try:
        model.predict(data['inputs'], data['data_samples'])
    except NotImplementedError:
        raise
    except Exception as error:
        MMLogger.get_current_instance().warning(
            'the untrained model cannot predict on an image: '
            f'{type(error).__name__}: {error}. If that does not change in '
            'training, the validation will fail.'
        )
