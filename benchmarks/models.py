"""Models and loaders that the benchmarks of training and mining share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from benchmarks.timing import DEMO, ROOT
from mmuldor.apis.checks.model import init_quietly
from mmuldor.apis.configs.loading import load_config
from mmuldor.apis.configs.precision import apply_memory_format
from mmuldor.cli import types
from mmuldor.engine.detection.weights import expand_heads, weights_of
from mmuldor.upstream.safe_checkpoints import load_safely

MASK_RCNN = ROOT / 'configs/mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py'
ULDOR = ROOT / 'configs/uldor/uldor_r18_fpn_hnem-2e_phantom.py'


def add_model(
    parser: argparse.ArgumentParser,
    config: Path,
    run: str,
    images: int | None = None,
) -> None:
    """Add the arguments that choose a trained model and its images.

    Args:
        parser: The parser.
        config: Default config of the model.
        run: Default checkpoint, a file in `DEMO`.
        images: Default number of images; None: without this argument.
    """
    add = parser.add_argument
    add('--config', type=Path, default=config, help='of the model')
    add('--checkpoint', type=Path, help=f'its weights (default {run})')
    add('--data-root', help="folder of the data, if not the config's")
    add('--device', type=types.device, default='cpu', help="'cpu' or 'cuda:0'")
    if images is not None:
        add(
            '--images',
            type=types.count,
            default=images,
            help='so many are timed',
        )
    parser.set_defaults(run=run)


def chosen(args: argparse.Namespace) -> tuple[Config, str]:
    """The config and the checkpoint of the arguments.

    Raises:
        FileNotFoundError: If the checkpoint does not exist.
    """
    config = load_config(str(args.config))
    checkpoint = args.checkpoint or DEMO / args.run
    if not checkpoint.is_file():
        raise FileNotFoundError(
            f'this benchmark needs the model {checkpoint}, which does not '
            'exist. Run `make demo` first, or pass `--checkpoint`.'
        )
    if args.data_root:
        for split in ('train', 'val', 'test'):
            dataset = config[f'{split}_dataloader'].dataset
            dataset.data_root = f'{args.data_root.rstrip("/")}/'
            if split != 'train':
                file = f'{dataset.data_root}{split}.json'
                config[f'{split}_evaluator'].ann_file = file
    return config, str(checkpoint)


def build(config: Config, checkpoint: str | None, device: str):
    """The model on a device with its weights, and its optimiser."""
    from mmdet.registry import MODELS
    from mmengine.optim import build_optim_wrapper

    # As in MMEngine's runner.
    cv2.setNumThreads(0)
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    init_quietly(model)
    if checkpoint is not None:
        # As HeadExpansionHook starts an HNEM training.
        state = weights_of(load_safely(checkpoint))
        expand_heads(state, model.state_dict())
        model.load_state_dict(state)
    apply_memory_format(model.to(device), config)
    return model, build_optim_wrapper(model, config.optim_wrapper)


def loader(config: Config, images: int):
    """The training loader of the first `images` images."""
    settings = config.train_dataloader.copy()
    settings.dataset = dict(settings.dataset, indices=images)
    return Runner.build_dataloader(settings, seed=0)


def epoch(model, optimiser, batches) -> None:
    """Train on every batch once."""
    model.train()
    for batch in batches:
        model.train_step(batch, optim_wrapper=optimiser)


def synchronise(device: str) -> Callable[[], object]:
    """A function that waits until a device has finished its work."""
    if device == 'cpu':
        return lambda: None
    return lambda: torch.cuda.synchronize(device)
