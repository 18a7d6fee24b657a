"""Time a round of hard negative mining as a share of a training epoch.

    python benchmarks/bench_mining.py

Same model, same images, same device. Beside it: a test pass with the masks of
all detections, and the round as it would be with that pass; both choices must
be the same, example by example, before anything is timed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import DATASETS

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.models import (
    ULDOR,
    add_model,
    build,
    chosen,
    epoch,
    loader,
    synchronise,
)
from benchmarks.timing import alternate, make_parser, row, save
from mmuldor.engine.candidates import Candidates
from mmuldor.engine.mining import MiningRule, mine
from mmuldor.io.cli import user_errors


def every_mask(mined: dict, pipeline: list, rule: MiningRule) -> dict:
    """The bank of a round that computes the mask of every detection."""
    touching = Candidates.touching
    Candidates.touching = lambda self, _: np.ones(len(self.boxes), dtype=bool)
    try:
        return mine(*mined.values(), pipeline, rule, epoch=0)
    finally:
        Candidates.touching = touching


def test_pass(model: torch.nn.Module, items: list) -> None:
    """Predict on every item, one at a time, with all masks."""
    model.eval()
    with torch.no_grad():
        for item in items:
            model.test_step(pseudo_collate([item()]))


def main() -> None:
    """Run the benchmark from the command line."""
    parser = make_parser(__doc__, 'mining', repeats=3)
    add_model(parser, ULDOR, 'mask_rcnn/epoch_3.pth')
    parser.add_argument('--images', type=int, default=60)
    args = parser.parse_args()
    config, checkpoint = chosen(args)
    model, optimiser = build(config, checkpoint, args.device)
    # Weights stay as they are, so that every round mines the same.
    for group in optimiser.optimizer.param_groups:
        group['lr'] = group['weight_decay'] = 0.0
    batches = loader(config, args.images)
    settings = dict(config.train_dataloader.dataset, indices=args.images)
    dataset = DATASETS.build(settings)
    pipeline = config.val_dataloader.dataset.pipeline
    mined = {'model': model.eval(), 'dataset': dataset}
    rule = MiningRule()
    bank = mine(*mined.values(), pipeline, rule, epoch=0)
    if bank != every_mask(mined, pipeline, rule):
        raise AssertionError('saving masks changed what is mined')
    compose = Compose(pipeline)
    items = [
        lambda i=i: compose(dataset.get_data_info(i))
        for i in range(len(dataset))
    ]
    seconds = alternate(
        {
            'training epoch': lambda: epoch(model, optimiser, batches),
            'mining': lambda: mine(
                model.eval(), dataset, pipeline, rule, epoch=0
            ),
            'mining, every mask': lambda: every_mask(
                {'model': model.eval(), 'dataset': dataset}, pipeline, rule
            ),
            'test pass': lambda: test_pass(model, items),
        },
        args.repeats,
        synchronise(args.device),
    )
    base = np.median(seconds['training epoch'])
    limit = 50 if args.device == 'cpu' else 30
    name = f'{args.config.stem}, {args.images} images'
    rows = [
        row(
            f'{name}: {kind}',
            {kind: seconds[kind], 'training epoch': seconds['training epoch']},
            '% of a training epoch',
            100 * np.median(seconds[kind]) / base,
            ('<=', limit) if kind == 'mining' else None,
        )
        for kind in ('mining', 'mining, every mask', 'test pass')
    ]
    save(args, 'mining', rows, args.device, counts=bank['counts'])


if __name__ == '__main__':
    with user_errors():
        main()
