"""Time a round of hard negative mining as a share of a training epoch.

    python benchmarks/bench_mining.py

Same model, same images, same device: the demo's, and untrained R-101 at full
size. Beside it: a test pass with the masks of all detections, and the round as
it would be with that pass; both choices must be the same, example by example,
before anything is timed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.models import (
    ULDOR,
    add_model,
    build,
    chosen,
    epoch,
    first,
    loader,
    synchronise,
)
from benchmarks.timing import ROOT, alternate, make_parser, row, save
from mmuldor.apis.configs import load_config
from mmuldor.engine import mined_image
from mmuldor.engine.candidates import Candidates
from mmuldor.engine.mining import MiningRule, mine, single_images
from mmuldor.io.cli import user_errors

LARGE = ROOT / 'configs/uldor/uldor_r101_fpn_hnem-12e_deeplesion.py'
SMALL = (
    'half-width R-18: a third of the round is convolution, the rest costs '
    'the same for any model (PNG, NMS, RoIAlign, masks)'
)


def every_mask(round_of_mining: Callable[[], dict]) -> dict:
    """The bank of a round that computes the mask of every detection."""
    touching, at_a_time = Candidates.touching, mined_image._MASKS_AT_A_TIME
    Candidates.touching = lambda self, _: np.ones(len(self.boxes), dtype=bool)
    mined_image._MASKS_AT_A_TIME = 10**6
    try:
        return round_of_mining()
    finally:
        Candidates.touching = touching
        mined_image._MASKS_AT_A_TIME = at_a_time


def test_pass(model: torch.nn.Module, batches: Iterable) -> None:
    """Predict on every image, one at a time, with all masks."""
    model.eval()
    with torch.no_grad():
        for batch in batches:
            model.test_step(batch)


def measure(
    config: Config,
    checkpoint: str | None,
    images: int,
    repeats: int,
    device: str,
) -> dict[str, list[float]]:
    """Seconds of a round, and of what it is compared with, in turn."""
    model, optimiser = build(config, checkpoint, device)
    # Weights stay as they are, so that every round mines the same.
    for group in optimiser.optimizer.param_groups:
        group['lr'] = group['weight_decay'] = 0.0
    batches = loader(config, images)
    dataset = DATASETS.build(first(config, images))
    pipeline = config.val_dataloader.dataset.pipeline

    workers = config.default_hooks.hnem.get('num_workers', 2)

    def mining() -> dict:
        return mine(model.eval(), dataset, pipeline, MiningRule(), 0, workers)

    if mining() != every_mask(mining):
        raise AssertionError('saving masks changed what is mined')
    singles = single_images(dataset, pipeline, range(len(dataset)), workers)
    return alternate(
        {
            'training epoch': lambda: epoch(model, optimiser, batches),
            'mining': mining,
            'mining, every mask': lambda: every_mask(mining),
            'test pass': lambda: test_pass(model, singles),
        },
        repeats,
        synchronise(device),
    )


def rows(
    name: str, seconds: dict[str, list[float]], limit: float
) -> list[dict]:
    """The shares of a training epoch."""
    base = seconds['training epoch']
    found = []
    for kind in ('mining', 'mining, every mask', 'test pass'):
        share = 100 * np.median(seconds[kind]) / np.median(base)
        goal = ('<=', limit) if kind == 'mining' else None
        found.append(
            row(
                f'{name}: {kind}',
                {kind: seconds[kind], 'training epoch': base},
                '% of a training epoch',
                share,
                goal,
                SMALL if 'r18' in name else '',
            )
        )
    return found


def main() -> None:
    """Run the benchmark from the command line."""
    parser = make_parser(__doc__, 'mining', repeats=2)
    add_model(parser, ULDOR, 'mask_rcnn/epoch_3.pth')
    add = parser.add_argument
    add('--images', type=int, default=120)
    add('--large-images', type=int, default=4, help='for R-101; 0 for none')
    args = parser.parse_args()
    limit = 50 if args.device == 'cpu' else 30
    config, checkpoint = chosen(args)
    seconds = measure(
        config, checkpoint, args.images, args.repeats, args.device
    )
    name = f'{args.config.stem}, {args.images} images'
    found = rows(name, seconds, limit)
    if args.large_images:
        large = load_config(str(LARGE))
        large.model.backbone.init_cfg = None
        root = args.data_root or config.train_dataloader.dataset.data_root
        large.train_dataloader.dataset.data_root = root
        seconds = measure(
            large, None, args.large_images, args.repeats, args.device
        )
        name = f'{LARGE.stem}, untrained, {args.large_images} images'
        found += rows(name, seconds, limit)
    save(args, 'mining', found, args.device)


if __name__ == '__main__':
    with user_errors():
        main()
