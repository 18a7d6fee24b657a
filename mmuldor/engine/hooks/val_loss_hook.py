"""The validation loss, which the paper's training minimises."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from mmdet.models.detectors import BaseDetector
from mmengine.dataset import Compose
from mmengine.dist import all_gather_object
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from torch import Tensor
from torch.utils.data import DataLoader

from mmuldor.engine.detection.heads import unwrapped
from mmuldor.engine.detection.image_losses import (
    losses_by_image,
    mean_of_images,
)
from mmuldor.engine.runner.loops import DetectionValLoop
from mmuldor.mining.protocols import MiningDataset
from mmuldor.registry import HOOKS
from mmuldor.upstream.message_hub import replace_scalar

# Transforms that add targets and do not change the image.
_TARGET_STEPS = {'mmuldor.RecistToMask', 'LoadAnnotations'}


@HOOKS.register_module()
class ValLossHook(Hook):
    """Add the validation loss to the metrics of every validation.

    Fires after each validation epoch. The mean over images of each loss,
    ``val_loss_cls`` and so on, and their sum, ``val_loss``, are added to the
    metrics, for the log, ``save_best`` and early stopping. The losses are
    those of the validation split's lesions with their pseudo masks, with the
    model in evaluation mode; mined negatives are not included. The samplers
    are seeded by image id, so the same weights give the same loss, and the
    random numbers of the training do not change. Writes nothing; several
    processes share the images.

    With ``DetectionValLoop``, detections and losses share the features of an
    image, if the pipeline differs from that of the validation by targets
    only. Otherwise the hook processes every image a second time.

    Classes other than lesions count as background: in an HNEM model,
    predicting the false-positive class for background is correct.

    Example:
        ``default_hooks = dict(val_loss=dict(type='mmuldor.ValLossHook'))``

    Args:
        pipeline: Pipeline for the model's input with targets;
            ``val_loss_pipeline`` of the config by default.
        seed: Seed of the samplers, combined with the image id.

    Raises:
        ValueError: When training starts, if there is no pipeline, it adds
            mined negatives, or it needs stored masks that a lesion lacks.
    """

    # After RuntimeInfoHook, which stores the metrics, and before the hooks
    # that log or compare them.
    priority = 'HIGH'

    def __init__(
        self, pipeline: Sequence[dict] | None = None, seed: int = 0
    ) -> None:
        self.pipeline = pipeline
        self.seed = seed
        self._loader: DataLoader | None = None
        self._losses: dict[int, dict[str, float]] = {}

    def before_train(self, runner: Runner) -> None:
        """Check the pipeline and prepare the loader before the first epoch."""
        if runner.val_loop is None:
            return
        self._check_pipeline(runner)
        self._classes = len(runner.val_dataloader.dataset.metainfo['classes'])
        if self._shares_images(runner):
            dataset = runner.val_dataloader.dataset
            dataset.pipeline = Compose(self.pipeline)
            # It has checked the test pipeline, which draws no masks.
            if isinstance(dataset, MiningDataset):
                dataset.check_pipeline()
            runner.val_loop.users.append(self._add)
            return
        print_log(
            'the validation loss processes every image a second time, since '
            '`val_loss_pipeline` changes the images or the validation loop is '
            'not `DetectionValLoop`',
            logger='current',
            level=logging.INFO,
        )
        loader = dict(
            runner.cfg.val_dataloader,
            batch_size=1,
            sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
            dataset=dict(
                runner.cfg.val_dataloader.dataset,
                pipeline=self.pipeline,
                test_mode=False,
            ),
        )
        self._loader = runner.build_dataloader(loader)

    def _check_pipeline(self, runner: Runner) -> None:
        if self.pipeline is None:
            self.pipeline = runner.cfg.get('val_loss_pipeline')
        if not self.pipeline:
            raise ValueError(
                'ValLossHook needs `val_loss_pipeline` in the config (see '
                '`configs/_base_/datasets/deeplesion.py`) or its own '
                f'`pipeline`, but got {self.pipeline}.'
            )
        for step in self.pipeline:
            if step['type'] == 'mmuldor.AddHardNegatives':
                raise ValueError(
                    'the validation loss must be of annotated lesions only, '
                    f'but its pipeline holds {step["type"]}. Leave it out.'
                )

    def _shares_images(self, runner: Runner) -> bool:
        """Whether batches of the validation can have the targets, too."""
        loader = runner.cfg.val_dataloader
        images = [
            step
            for step in self.pipeline or ()
            if step['type'] not in _TARGET_STEPS
        ]
        return (
            isinstance(runner.val_loop, DetectionValLoop)
            and images == list(loader.dataset.get('pipeline', []))
            # Each image once: repeated images would count twice.
            and isinstance(runner.val_dataloader, DataLoader)
            and not loader.dataset.get('filter_cfg')
        )

    def before_val_epoch(self, runner: Runner) -> None:
        """Drop the losses of the last validation."""
        self._losses = {}

    def _add(
        self, model: BaseDetector, data: dict, features: Sequence[Tensor]
    ) -> None:
        self._losses |= losses_by_image(
            model, data, features, self.seed, self._classes
        )

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Add the losses to ``metrics`` and to the log."""
        if self._loader is not None:
            detector: Any = unwrapped(runner.model)
            for data, features in _passes(detector, self._loader):
                self._add(detector, data, features)
        gathered = all_gather_object(self._losses)
        if metrics is None or not any(gathered):
            return
        losses = mean_of_images(gathered)
        metrics.update(losses)
        for name, value in losses.items():
            replace_scalar(runner.message_hub, f'val/{name}', value)


@torch.no_grad()
def _passes(detector: BaseDetector, loader: DataLoader) -> Iterator[tuple]:
    """Preprocessed batches and their feature maps."""
    detector.eval()
    state = torch.get_rng_state()
    for batch in loader:
        data = detector.data_preprocessor(batch, False)
        yield data, detector.extract_feat(data['inputs'])
    # Starting a loader draws a random number.
    torch.set_rng_state(state)
