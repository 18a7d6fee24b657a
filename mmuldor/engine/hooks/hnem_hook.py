"""Hard negative example mining after every epoch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import RepeatDataset
from mmengine.dist import (
    barrier,
    broadcast_object_list,
    is_main_process,
)
from mmengine.hooks import Hook
from mmengine.registry import DATA_SAMPLERS, TASK_UTILS
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch.utils.data import DataLoader

from mmuldor.engine.base_dataset import mining_dataset
from mmuldor.engine.detection.candidates import check_model
from mmuldor.engine.detection.detections import stages
from mmuldor.engine.detection.heads import unwrapped
from mmuldor.engine.mining_round import mine
from mmuldor.io.json_files import write_json
from mmuldor.mining.bank import load_bank
from mmuldor.mining.bank_schedule import BankSchedule
from mmuldor.mining.exclude_list import load_exclude_list
from mmuldor.mining.protocols import MiningDataset
from mmuldor.registry import HOOKS


@HOOKS.register_module()
class HNEMHook(Hook):
    """Mine hard negatives after an epoch and train on them in the next.

    Fires after each training epoch but the last: predicts on the training
    images, selects by ULDor's rule and writes ``epoch_NNN.json``. The number
    of an epoch determines its banks (:class:`mmuldor.mining.
    bank_schedule.BankSchedule`). The dataset gets the schedule before workers
    start, and each sample index carries its epoch (``mmuldor.EpochSampler``).

    On resume the bank of the checkpoint's epoch is used; if its file is
    missing, it is mined again from the checkpoint's weights. Banks of later
    rounds, left by another run, are removed. Every process mines a part of
    the images; the first one writes.

    Example:
        ``default_hooks = dict(hnem=dict(type='mmuldor.HNEMHook'))``

    Args:
        pipeline: Test pipeline for the model's input; by default that of
            ``val_dataloader``.
        accumulate: Use the banks of all rounds so far; False uses only the
            last one.
        mine_before_training: Mine with the loaded weights before the first
            epoch (``initial.json``), for a start from a trained Mask R-CNN.
        begin: The first epoch, from 0, after which to mine.
        bank_dir: Folder of the banks, ``work_dir/hard_negatives`` by default.
        num_workers: Worker processes that load images for the mining.
        exclude: Exclude list of a reader's verdicts (``tools/review.py
            import``): detections that overlap its boxes are not mined.
        rule: The mining rule, by default
            ``dict(type='mmuldor.MiningRule')``.
        **rule_args: Further arguments of ``rule``; see
            :class:`mmuldor.mining.rule.MiningRule`.

    Raises:
        ValueError: When training starts, if the loop or the sampler does not
            count epochs, the model has no mask head or no second class, the
            pipeline has no ``AddHardNegatives``, or a bank belongs to other
            images.
    """

    # Before CheckpointHook (VERY_LOW), so that each checkpoint has its bank.
    priority = 'NORMAL'

    def __init__(
        self,
        pipeline: Sequence[dict] | None = None,
        accumulate: bool = False,
        mine_before_training: bool = False,
        begin: int = 0,
        bank_dir: str | None = None,
        num_workers: int = 2,
        exclude: str | None = None,
        rule: dict | None = None,
        **rule_args,
    ) -> None:
        self.pipeline = pipeline
        self.accumulate = accumulate
        self.mine_before_training = mine_before_training
        self.begin = begin
        self.bank_dir = bank_dir
        self.num_workers = num_workers
        self.exclude = exclude
        rule = {'type': 'mmuldor.MiningRule', **(rule or {}), **rule_args}
        self.rule = TASK_UTILS.build(rule)

    def before_train(self, runner: Runner) -> None:
        """Check the configuration and give the dataset the schedule."""
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise ValueError(
                'HNEMHook needs epochs (`EpochBasedTrainLoop`), but got '
                f'{type(runner.train_loop).__name__}.'
            )
        check_model(runner.model)
        if self.pipeline is None:
            self.pipeline = _pipeline(runner.cfg)
        dataset = mining_dataset(runner.train_dataloader.dataset)
        _check_indices(runner.train_dataloader)
        self._check_classes(runner, dataset)
        self._excluded_boxes = self.excluded_boxes(dataset.fingerprint)
        self._schedule = BankSchedule(
            Path(self.bank_dir or Path(runner.work_dir) / 'hard_negatives'),
            self.begin,
            self.accumulate,
            self.mine_before_training,
        )
        self._forget_later_rounds(runner)
        dataset.bank_schedule = self._schedule

    def excluded_boxes(self, fingerprint: str) -> dict[int, np.ndarray] | None:
        """Boxes ``x1 y1 x2 y2`` that must not be mined, px, by image id.

        Raises:
            ValueError: If the exclude list belongs to other images.
        """
        if not self.exclude:
            return None
        return load_exclude_list(self.exclude, fingerprint)

    def _check_classes(self, runner: Runner, dataset: MiningDataset) -> None:
        readers = dataset.bank_readers
        if not readers:
            raise ValueError(
                'HNEMHook needs `mmuldor.AddHardNegatives` in the training '
                f'pipeline, but got {dataset.pipeline}.'
            )
        model: Any = unwrapped(runner.model)
        heads = [
            *stages(model.roi_head.bbox_head),
            *stages(model.roi_head.mask_head),
        ]
        classes = min(head.num_classes for head in heads)
        needed = max(reader.label for reader in readers) + 1
        if classes < needed:
            raise ValueError(
                f'HNEM needs `num_classes` of at least {needed} (lesion and '
                f'false positive), but the model has {classes}.'
            )

    def before_train_epoch(self, runner: Runner) -> None:
        """Check the banks of this epoch; mine the last one if missing."""
        dataset = mining_dataset(runner.train_dataloader.dataset)
        needed = self._schedule.banks(runner.epoch)
        missing = [bool(needed) and not needed[-1].is_file()]
        # The first process decides for all, since all must mine together.
        broadcast_object_list(missing)
        if missing[0]:
            self._mine(runner, dataset, needed[-1], runner.epoch - 1)
        for path in needed:
            load_bank(path, dataset.fingerprint)

    def after_train_epoch(self, runner: Runner) -> None:
        """Mine, except after the last epoch."""
        if runner.epoch < self.begin or runner.epoch + 1 >= runner.max_epochs:
            return
        dataset = mining_dataset(runner.train_dataloader.dataset)
        path = self._schedule.mined_after(runner.epoch)
        self._mine(runner, dataset, path, runner.epoch)

    def _forget_later_rounds(self, runner) -> None:
        """Remove banks of rounds after the current epoch, of another run."""
        if is_main_process():
            schedule, initial = self._schedule, self._schedule.initial_bank
            kept = {schedule.mined_after(e) for e in range(runner.epoch)}
            if runner.epoch:
                kept.add(initial)
            for path in [*schedule.folder.glob('epoch_*.json'), initial]:
                if path not in kept:
                    path.unlink(missing_ok=True)
        barrier()

    def _mine(self, runner, dataset, path: Path, epoch: int) -> None:
        was_training = runner.model.training
        runner.model.eval()
        bank = mine(
            runner.model,
            dataset,
            self.pipeline or (),
            self.rule,
            epoch,
            self.num_workers,
            self._excluded_boxes,
        )
        runner.model.train(was_training)
        if is_main_process():
            write_json(path, bank)
        barrier()
        counts = bank['counts']
        runner.logger.info(
            f'HNEM {path.name}: {counts["images"]} images, '
            f'{counts["with_hit"]} with a hit, {counts["without_hit"]} '
            f'without; mined {counts["mined"]} examples on '
            f'{len(bank["images"])} images; skipped {counts["skipped"]} '
            f'candidates that overlap a lesion; ignored {counts["ignored"]}, '
            f'excluded {counts["excluded"]}'
        )


def _check_indices(loader: DataLoader) -> None:
    """Raise ValueError unless each sample index carries its epoch."""
    sampler = getattr(loader.batch_sampler, 'sampler', None)
    if not isinstance(sampler, DATA_SAMPLERS.get('mmuldor.EpochSampler')):
        raise ValueError(
            'HNEMHook needs a sampler that gives the epoch, but got '
            f'{type(sampler).__name__}. Set `train_dataloader.sampler.type` '
            'to `mmuldor.EpochSampler`; its `seed_draws=False` draws as '
            "MMEngine's sampler does."
        )
    dataset = loader.dataset
    while isinstance(dataset, RepeatDataset):
        dataset = dataset.dataset
    if not isinstance(dataset, MiningDataset):
        raise ValueError(
            'HNEMHook needs a `mmuldor.DeepLesionDataset`, alone or in a '
            f'RepeatDataset, but got it in a {type(dataset).__name__}, whose '
            'indices do not say the epoch.'
        )


def _pipeline(config: Config) -> list[dict]:
    """The pipeline of the validation, or of the test without validation."""
    for split in ('val', 'test'):
        loader = config.get(f'{split}_dataloader')
        if loader is not None:
            return loader.dataset.pipeline
    raise ValueError(
        'HNEMHook needs the pipeline that mined images go through, but there '
        'is neither a validation nor a test to take it from. Give it '
        '`pipeline`.'
    )
