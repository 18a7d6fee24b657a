"""Train and test one arm on one fold."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from mmengine.config import Config

from benchmarks.real_slices.plan import EPOCHS, SEED, Arm
from benchmarks.study.pieces import commit, machine
from mmuldor.apis import evaluate_detector, load_config, train_detector
from mmuldor.io.json_files import read_json, replacing, write_json

CONFIG = 'configs/detectors/retinanet_r152_c8_ct-pretrained-5e_phantom.py'
# As at full size; the phantom's pixels are larger.
_RESIZE = dict(spacing_mm=0.8, max_size=512)


@dataclass(frozen=True)
class Places:
    """The folders of the benchmark.

    Attributes:
        root: The project's folder.
        data: The real data; names of images are relative to it.
        work: Annotations, checkpoints and logs; may be deleted.
        results: What is kept: a JSON and an NPZ file an arm and fold.
    """

    root: Path
    data: Path
    work: Path
    results: Path

    def record(self, arm: Arm, fold: int) -> Path:
        """The JSON file of a finished fold."""
        return self.results / f'{arm.slug}_fold-{fold}.json'

    def run(self, arm: Arm, fold: int) -> Path:
        """The work dir of an arm and fold."""
        return self.work / f'{arm.slug}_fold-{fold}'


def config_of(
    arm: Arm, work: Path, places: Places, epochs: int = EPOCHS
) -> Config:
    """The config of an arm.

    Args:
        arm: What differs.
        work: Folder with ``train.json`` and ``test.json``.
        places: Where the slices are.
        epochs: Of training.
    """
    config = load_config(str(places.root / CONFIG), str(work))
    _set_data(config, work, places.data)
    _set_schedule(config, epochs)
    backbone = config.model.backbone
    if not arm.pretrained:
        backbone.init_cfg = None
    if not arm.frozen:
        # Random BatchNorm must learn its statistics, too.
        backbone.frozen_stages, backbone.norm_eval = -1, False
    return config


def _set_data(config: Config, work: Path, data: Path) -> None:
    for key in ('train', 'test'):
        dataset = config[f'{key}_dataloader'].dataset
        dataset.data_root = str(work)
        dataset.ann_file = f'{key}.json'
        dataset.data_prefix = dict(img=f'{data.resolve()}/')
        for step in dataset.pipeline:
            if step.type == 'mmuldor.ResizeToSpacing':
                step.update(_RESIZE)
    config.test_evaluator.ann_file = str(work / 'test.json')
    for step in config.train_dataloader.dataset.pipeline:
        if step.type == 'mmuldor.ResizeToSpacing':
            step.type = 'mmuldor.RandomResizeToSpacing'
    # No patients are left for a validation: the last epoch is tested.
    config.val_dataloader = config.val_evaluator = config.val_cfg = None
    hooks = config.default_hooks
    hooks.val_loss = hooks.early_stopping = None
    hooks.checkpoint.update(save_best=None, rule=None, max_keep_ckpts=1)


def _set_schedule(config: Config, epochs: int) -> None:
    config.randomness = dict(seed=SEED)
    config.train_cfg.max_epochs = epochs
    config.default_hooks.logger.interval = 2
    config.param_scheduler[-1].update(end=epochs, T_max=epochs)


def run_fold(
    arm: Arm,
    fold: int,
    parts: Mapping[str, dict],
    places: Places,
    epochs: int = EPOCHS,
) -> dict:
    """Train, test and record one arm and fold; the record comes last.

    An interrupted training goes on from its last epoch.

    Args:
        arm: What to train.
        fold: Whose patients are left out.
        parts: Annotation documents 'train' and 'test', from `split`.
        places: Where.
        epochs: Of training.

    Returns:
        The record.
    """
    work = places.run(arm, fold)
    for name, part in parts.items():
        write_json(work / f'{name}.json', part)
    images = len(parts['train']['images'])
    config = config_of(arm, work, places, epochs)
    began, used = time.perf_counter(), time.process_time()
    train_detector(config, resume='auto')
    training = _seconds(began, used)
    began, used = time.perf_counter(), time.process_time()
    config = config_of(arm, work, places, epochs)
    weights, out = work / f'epoch_{epochs}.pth', work / 'results.json'
    figures = evaluate_detector(config, str(weights), str(out))
    record = {
        **asdict(arm),
        'fold': fold,
        'epochs': epochs,
        'iterations': epochs * -(-images // 2),
        'train_images': images,
        'training': training,
        'iteration_seconds': _iteration_seconds(work),
        'testing': _seconds(began, used),
        'figures': {k: float(v) for k, v in figures.items()},
        'machine': machine(),
        'commit': commit(places.root),
    }
    path = places.record(arm, fold)
    _save_detections(path.with_suffix('.npz'), read_json(out))
    write_json(path, record, indent=1)
    for checkpoint in work.glob('*.pth'):
        checkpoint.unlink()
    return record


def _seconds(began: float, used: float) -> dict[str, float]:
    """Wall and processor seconds since then, loader processes left out."""
    return {
        'seconds': round(time.perf_counter() - began, 1),
        'processor_seconds': round(time.process_time() - used, 1),
    }


def _iteration_seconds(work: Path) -> float:
    """Mean of the last iterations, as MMEngine logs it."""
    log = sorted(work.glob('*/vis_data/scalars.json'))
    lines = [line for path in log for line in path.read_text().splitlines()]
    times = [found['time'] for found in map(json.loads, lines) if
             'loss' in found]  # fmt: skip
    return float(times[-1])


def _save_detections(path: Path, entries: list[dict]) -> None:
    """Keep ids, boxes and scores of detections, numbers without an image."""
    boxes = np.array([entry['bbox'] for entry in entries], dtype=np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, open(temporary, 'wb') as file:
        np.savez_compressed(
            file,
            image_ids=np.array([e['image_id'] for e in entries], np.int32),
            boxes=boxes.reshape(-1, 4),
            scores=np.array([e['score'] for e in entries], np.float32),
        )
