"""Time a round of hard negative mining as a share of a training epoch.

    python benchmarks/stages/bench_mining.py

Same model, same images, same device: the demo's, and untrained R-101 at full
size. Beside it: the round on one image at a time, the same with the masks of
all detections, and a test pass. All rounds must choose the same, example by
example, before anything is timed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from mmengine.config import Config

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks import models
from benchmarks.rows import row
from benchmarks.timing import ROOT, alternate, make_parser, save
from mmuldor.apis.configs.loading import load_config
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors
from mmuldor.engine.detection import image_stream
from mmuldor.engine.detection.candidates import TwoStageCandidates
from mmuldor.engine.detection.image_stream import single_images
from mmuldor.engine.mining_round import mine
from mmuldor.mining import examples as mined_image
from mmuldor.mining.rule import MiningRule
from mmuldor.upstream.layers import NORMS

LARGE = ROOT / 'configs/uldor/uldor_r101_fpn_hnem-12e_deeplesion.py'
SMALL = (
    'half-width R-18: a third of the round is convolution, the rest costs '
    'the same for any model (PNG, NMS, RoIAlign, masks)'
)
# Largest shares of a training epoch wanted, in percent: of a small model, in
# which NMS, masks and PNG weigh more in mining, and of R-101.
ON_CPU, LARGE_ON_CPU, ON_GPU = 36, 40, 30
# An untrained model has low scores only.
RULES = {
    'trained': MiningRule(),
    'untrained': MiningRule(min_score=0.0),
}


def one_at_a_time(round_of_mining: Callable[[], dict]) -> dict:
    """The bank of a round that processes one batch at a time."""
    with patch.object(image_stream, 'concurrent_batches', lambda _: 1):
        return round_of_mining()


def every_mask(round_of_mining: Callable[[], dict]) -> dict:
    """The bank of a round that computes the mask of every detection."""

    def touching(self: TwoStageCandidates, _: object) -> np.ndarray:
        return np.ones(len(self.boxes), dtype=bool)

    with (
        patch.object(TwoStageCandidates, 'touching', touching),
        patch.object(mined_image, '_MASKS_AT_FIRST', 10**6),
    ):
        return round_of_mining()


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
    """Seconds of a round and of its comparators, timed alternately."""
    model, optimiser = models.build(config, checkpoint, device)
    # Weights do not change, so every round mines the same examples.
    for group in optimiser.optimizer.param_groups:
        group['lr'] = group['weight_decay'] = 0.0
    for module in model.modules():
        if isinstance(module, NORMS):
            module.momentum = 0.0
    batches = models.loader(config, images)
    dataset = batches.dataset
    pipeline = config.val_dataloader.dataset.pipeline

    workers = config.default_hooks.hnem.get('num_workers', 2)

    rule = RULES['trained' if checkpoint else 'untrained']

    def mining() -> dict:
        return mine(model.eval(), dataset, pipeline, rule, 0, workers)

    def plain() -> dict:
        return one_at_a_time(lambda: every_mask(mining))

    check(mining(), one_at_a_time(mining), plain())
    singles = single_images(dataset, pipeline, range(len(dataset)), workers)
    return alternate(
        {
            'training epoch': lambda: models.epoch(model, optimiser, batches),
            'mining': mining,
            'mining, one at a time': lambda: one_at_a_time(mining),
            'mining, one at a time, every mask': plain,
            'test pass': lambda: test_pass(model, singles),
        },
        repeats,
        models.synchronise(device),
    )


def check(bank: dict, *others: dict) -> None:
    """Raise unless examples were mined, the same in each round."""
    if not bank['counts']['mined']:
        raise AssertionError('nothing was mined that could be compared')
    for other in others:
        # A GPU may round S2 differently in another batch of masks.
        if torch.cuda.is_available():
            np.testing.assert_allclose(boxes(other), boxes(bank), atol=0.05)
        elif other != bank:
            raise AssertionError('saving time changed what is mined')


def boxes(bank: dict) -> np.ndarray:
    """Image and box of every example, (n, 5)."""
    return np.array(
        [
            [float(image), *example['bbox']]
            for image, found in bank['images'].items()
            for example in found
        ]
    )


def rows(
    name: str, seconds: dict[str, list[float]], limit: float
) -> list[dict]:
    """Rows with the times as shares of a training epoch."""
    base = seconds['training epoch']
    found = []
    for kind in [kind for kind in seconds if kind != 'training epoch']:
        share = 100 * np.median(seconds[kind]) / np.median(base)
        goal = ('<=', limit) if kind == 'mining' else None
        found.append(
            row(
                f'{name}: {kind}',
                {kind: seconds[kind], 'training epoch': base},
                '% of a training epoch',
                share,
                goal,
                SMALL if 'r18' in name and limit == ON_CPU else '',
            )
        )
    return found


def main() -> None:
    """Run the benchmark from the command line."""
    parser = make_parser(__doc__, 'mining', repeats=3)
    models.add_model(parser, models.ULDOR, 'mask_rcnn/epoch_3.pth', images=120)
    parser.add_argument(
        '--large-images',
        type=types.whole_number(0),
        default=8,
        help='for R-101; 0 for none',
    )
    args = parser.parse_args()
    on_cpu = args.device == 'cpu'
    config, checkpoint = models.chosen(args)
    seconds = measure(
        config, checkpoint, args.images, args.repeats, args.device
    )
    name = f'{args.config.stem}, {args.images} images'
    found = rows(name, seconds, ON_CPU if on_cpu else ON_GPU)
    if args.large_images:
        large = load_config(str(LARGE))
        large.model.backbone.init_cfg = None
        root = args.data_root or config.train_dataloader.dataset.data_root
        large.train_dataloader.dataset.data_root = root
        seconds = measure(
            large, None, args.large_images, args.repeats, args.device
        )
        name = f'{LARGE.stem}, untrained, {args.large_images} images'
        found += rows(name, seconds, LARGE_ON_CPU if on_cpu else ON_GPU)
    save(args, 'mining', found, args.device)


if __name__ == '__main__':
    with user_errors():
        main()
