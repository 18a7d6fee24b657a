"""Checks of a config's files, data and model before a long run."""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.model import BaseModel
from mmengine.optim import build_optim_wrapper
from mmengine.registry import METRICS

from mmuldor.apis.browse import SPLITS, build_split, draw_samples
from mmuldor.apis.checks.anchors import anchor_matches
from mmuldor.apis.checks.crops import check_crop, steps_to_crop
from mmuldor.apis.checks.model import CheckResult, check_model, untrained
from mmuldor.apis.checks.samplers import load_start, sampler_shares
from mmuldor.apis.checks.weights import check_weights
from mmuldor.apis.configs.evaluators import evaluators_of, other_annotations
from mmuldor.apis.configs.loading import check_keys
from mmuldor.apis.configs.precision import apply_memory_format, enable_amp
from mmuldor.apis.configs.same_images import check_same_images
from mmuldor.datasets.deeplesion import DeepLesionDataset
from mmuldor.engine.detection.heads import warning_of_ignored
from mmuldor.engine.runner.config_errors import config_errors
from mmuldor.io.paths import out_folder
from mmuldor.io.progress import progress_bar
from mmuldor.upstream.dataset_view import with_pipeline

# Numbers of samples and of training iterations that are timed.
_SAMPLES, _ITERATIONS = 24, 4
_TOO_LARGE = (
    'a batch of {} images does not fit into the memory of this GPU. Try '
    '`--amp`, or a smaller `train_dataloader.batch_size` with '
    '`optim_wrapper.accumulative_counts`.'
)
# Images of which anchors are matched if each must be loaded, some 20 ms, for
# its crop.
_CROPPED = 500


def check_config(
    config: Config, out: str | os.PathLike, amp: bool = False
) -> Iterator[CheckResult]:
    """Check files, data and model of a config, and draw its first batch.

    Args:
        config: From :func:`mmuldor.apis.load_config`.
        out: Folder for the pictures of the first batch.
        amp: Measure time and memory of mixed precision; changes the config.

    Yields:
        Each result as soon as it is known. If the training split has an
        error, checks that need it are skipped.

    Raises:
        ValueError: If an entry of the config is wrong, training and test make
            images differently, or there is no mixed precision here.
    """
    check_keys(
        config,
        'model',
        'optim_wrapper',
        *(f'{split}_dataloader.dataset' for split in _splits(config)),
        *(f'{split}_evaluator' for split in _splits(config)[1:]),
    )
    check_same_images(config)
    if amp:
        enable_amp(config)
    out_folder(out)
    with config_errors(config):
        yield from _check_all(config, out)


def _splits(config: Config) -> list[str]:
    """The splits in use; the validation is optional."""
    off = 'val' if config.get('val_dataloader') is None else ''
    return [split for split in SPLITS if split != off]


def _check_all(
    config: Config, out: str | os.PathLike
) -> Iterator[CheckResult]:
    datasets: dict[str, DeepLesionDataset] = {}
    for split in _splits(config):
        try:
            datasets[split] = build_split(config, split)
        except (ValueError, OSError) as error:
            yield CheckResult('error', f'{split}: {error}')
        else:
            yield _describe(split, datasets[split])
    if isinstance(datasets.get('val'), DeepLesionDataset):
        yield from _check_val_loss(config, datasets['val'])
    yield from _check_patients(datasets)
    yield from _check_evaluators(config, datasets)
    yield from check_weights(config)
    if 'train' in datasets:
        yield from _check_training(config, datasets['train'], Path(out))


def _describe(split: str, dataset: BaseDataset) -> CheckResult:
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    instances = [i for info in infos for i in info['instances']]
    ignored = sum(i.get('crowd', False) for i in instances)
    lesions = len(instances) - ignored
    if not infos:
        return CheckResult(
            'error', f'{split}: {dataset.ann_file} has no image.'
        )
    spacings = [value for info in infos for value in info['spacing_mm']]
    sides = [info[key] for info in infos for key in ('height', 'width')]
    return CheckResult(
        'ok',
        f'{split}: {len(infos)} images, {lesions} lesions, '
        + (f'{ignored} ignored regions, ' if ignored else '')
        + 'no slice missing; '
        f'{min(sides)} to {max(sides)} px of {min(spacings):.2f} to '
        f'{max(spacings):.2f} mm',
    )


def _check_val_loss(
    config: Config, dataset: DeepLesionDataset
) -> Iterator[CheckResult]:
    """Whether the split has what the validation loss draws, like masks."""
    hook = (config.get('default_hooks') or {}).get('val_loss')
    if not hook:
        return
    pipeline = hook.get('pipeline') or config.get('val_loss_pipeline') or ()
    try:
        with_pipeline(dataset, pipeline).check_pipeline()
    except (ValueError, OSError) as error:
        yield CheckResult('error', f'val, for the validation loss: {error}')


def _check_patients(datasets: dict[str, BaseDataset]) -> Iterator[CheckResult]:
    for first, second in combinations(datasets, 2):
        shared = datasets[first].patients & datasets[second].patients
        if shared:
            example = min(map(str, shared))
            yield CheckResult(
                'error',
                f'{len(shared)} patients are in {first} and in {second}, for '
                f'example {example}: results would be too optimistic.',
            )


def _check_evaluators(
    config: Config, datasets: dict[str, BaseDataset]
) -> Iterator[CheckResult]:
    for split in [name for name in datasets if name != 'train']:
        for evaluator in evaluators_of(config, split):
            try:
                metric = METRICS.build(evaluator)
                metric.dataset_meta = datasets[split].metainfo
            except (ValueError, OSError) as error:
                yield CheckResult('error', f'{split}_evaluator: {error}')
        loaded = datasets[split].ann_file
        for ann_file in other_annotations(config, split, loaded):
            yield CheckResult(
                'error',
                f'{split}_evaluator.ann_file is {ann_file}, but the '
                f'dataset reads {loaded}.',
            )


def _check_training(
    config: Config, dataset: BaseDataset, out: Path
) -> Iterator[CheckResult]:
    batch_size = config.train_dataloader.batch_size
    paths = draw_samples(dataset, range(min(batch_size, len(dataset))), out)
    yield CheckResult('ok', f'first batch drawn: {", ".join(map(str, paths))}')
    count = min(max(_SAMPLES, batch_size), len(dataset))
    chosen = np.linspace(0, len(dataset) - 1, count).astype(int)
    began = time.perf_counter()
    samples = [dataset[int(index)] for index in chosen]
    load_s = (time.perf_counter() - began) / count
    infos = [dataset.get_data_info(int(index)) for index in chosen]
    yield from check_crop(config, dataset.pipeline.transforms, infos)
    model = untrained(config)
    yield from check_model(model, samples, dataset.metainfo['classes'])
    warning = warning_of_ignored(model, dataset.ignored_regions)
    if warning:
        yield CheckResult('warning', warning)
    yield from _check_anchors(model, dataset)
    yield from _check_sampler(
        config, model, samples, dataset.metainfo['classes']
    )
    yield from _time_training(config, model, samples, len(dataset), load_s)


def _check_anchors(
    model: BaseModel, dataset: BaseDataset
) -> Iterator[CheckResult]:
    count = len(dataset)
    if steps_to_crop(dataset.pipeline.transforms):
        count = min(count, _CROPPED)
    chosen = np.linspace(0, len(dataset) - 1, count).astype(int).tolist()
    infos = progress_bar(
        (dataset.get_data_info(index) for index in chosen),
        'matching lesions with anchors',
        count,
    )
    found = anchor_matches(model, dataset.pipeline.transforms, infos)
    if found is None:
        return
    text, fit = found.text, np.mean(found.best_iou >= found.pos_iou_thr)
    if fit < 0.5:
        text += '. Anchors of more sizes a level, or a lower IoU, fit better'
    yield CheckResult('warning' if fit < 0.5 else 'ok', text)


def _check_sampler(
    config: Config,
    model: BaseModel,
    samples: list[dict],
    classes: Sequence[str],
) -> Iterator[CheckResult]:
    start = config.get('load_from')
    if not start or not os.path.isfile(start):
        return
    load_start(model, start)
    found = sampler_shares(model, samples, classes)
    if found is not None:
        yield CheckResult('ok', found.text)


def _time_training(
    config: Config,
    model: BaseModel,
    samples: list[dict],
    images: int,
    load_s: float,
) -> Iterator[CheckResult]:
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    apply_memory_format(model.to(device).train(), config)
    optimizer = build_optim_wrapper(model, config.optim_wrapper)
    amp = 'Amp' in type(optimizer).__name__
    kind = ', mixed precision' if amp else ''
    size = config.train_dataloader.batch_size
    seconds = []
    for number in range(_ITERATIONS):
        start = number * size % max(len(samples) - size + 1, 1)
        batch = pseudo_collate(samples[start : start + size])
        began = time.perf_counter()
        try:
            losses = model.train_step(batch, optimizer)
        except torch.cuda.OutOfMemoryError:
            yield CheckResult('error', _TOO_LARGE.format(size))
            return
        # item() waits for the device, so that the time is that of the step.
        loss = losses['loss'].item()
        seconds.append(time.perf_counter() - began)
    if not np.isfinite(loss):
        yield CheckResult('error', f'the loss of the first batches is {loss}.')
    # The first iteration allocates memory and chooses kernels.
    step_s = statistics.median(seconds[1:])
    workers = max(config.train_dataloader.num_workers, 1)
    slowest = max(step_s, load_s * size / workers)
    epoch_min = slowest * images / size / 60
    yield CheckResult(
        'ok',
        f'on this machine ({device}{kind}): {step_s:.2f} s an iteration of '
        f'{size} images, {1000 * load_s:.0f} ms to load an image; about '
        f'{epoch_min:.1f} min an epoch without mining and validation; '
        f'{_peak_gb(device):.1f} GB',
    )


def _peak_gb(device: str) -> float:
    """Peak memory so far in GiB, of the GPU or of this process."""
    if device == 'cuda':
        return torch.cuda.max_memory_allocated() / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
