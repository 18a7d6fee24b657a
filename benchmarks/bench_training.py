"""Time training iterations of the R-101 Mask R-CNN against stock mmdet's.

    python benchmarks/bench_training.py
    python benchmarks/bench_training.py --device cuda:0 --batch 8

Same images of noise with three discs each, 512 x 512 px, same batch, same
device; `mask-rcnn_r101_fpn_1x_coco` of mmdet with one class. On a GPU also
with bfloat16 and channels-last weights, as `tools/train.py --amp` trains, and
with `--loss-iterations` the losses of all kinds. How far the limit is, say the
shares of two measured rates: of matrix products, and of a plain copy, where
every operator's inputs and outputs count as if no cache held them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.bench_ops import random_batch
from benchmarks.limits import copy_rate, flops, matrix_rate, traffic
from benchmarks.models import build, synchronise
from benchmarks.timing import (
    ROOT,
    alternate,
    make_parser,
    row,
    save,
    times_faster,
)
from mmuldor.apis.configs import load_config
from mmuldor.apis.precision import use_amp
from mmuldor.io.cli import user_errors

OURS = ROOT / 'configs/mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py'
STOCK = 'mmdet::mask_rcnn/mask-rcnn_r101_fpn_1x_coco.py'


def stock_config() -> Config:
    """mmdet's own, for one class."""
    from mmengine.hub import get_config

    config = get_config(STOCK)
    config.model.roi_head.bbox_head.num_classes = 1
    config.model.roi_head.mask_head.num_classes = 1
    return config


class Training:
    """Iterations of a config on one batch, from the same seed."""

    def __init__(self, config: Config, device: str, batch: int) -> None:
        config.model.backbone.init_cfg = None
        torch.manual_seed(0)
        self.amp = config.optim_wrapper.get('type') == 'AmpOptimWrapper'
        self.model, self.optimiser = build(config, None, device)
        if self.amp:
            self.model.to(memory_format=torch.channels_last)
        self.model.train()
        self.batch = random_batch(batch)

    def step(self) -> float:
        """Train on the batch; the loss before, not waited for."""
        found = self.model.train_step(self.batch, self.optimiser)
        return found['loss']


def loss_rows(kinds: dict[str, Training], iterations: int) -> list[dict]:
    """The mean loss of each kind over the last tenth of a training."""
    losses = {
        kind: torch.stack([training.step() for _ in range(iterations)])
        for kind, training in kinds.items()
    }
    return [
        row(
            f'{kind}: loss, last tenth of {iterations} iterations',
            {},
            'loss',
            float(values[-max(iterations // 10, 1) :].mean()),
        )
        for kind, values in losses.items()
    ]


def main() -> None:
    """Run the benchmark from the command line."""
    parser = make_parser(__doc__, 'training', repeats=3)
    add = parser.add_argument
    add('--device', default='cpu', help="'cpu' or 'cuda:0'")
    add('--batch', type=int, default=2, help='images an iteration')
    add('--loss-iterations', type=int, default=0)
    args = parser.parse_args()
    configs: dict[str, Callable[[], Config]] = {
        'mmdet': stock_config,
        'mmuldor': lambda: load_config(str(OURS)),
    }
    gpu = args.device != 'cpu'
    if gpu:
        configs['mmuldor, bfloat16'] = lambda: use_amp(
            load_config(str(OURS)), 'bfloat16'
        )
    kinds = {
        kind: Training(make(), args.device, args.batch)
        for kind, make in configs.items()
    }
    works = {kind: training.step for kind, training in kinds.items()}
    seconds = alternate(works, args.repeats, synchronise(args.device))
    name = f'R-101 Mask R-CNN, {args.batch} x 512 px'
    best = list(kinds)[-1]
    limit = 2.0 if gpu else None
    rows = [times_faster(name, seconds, best, 'mmdet', limit)]
    for kind, training in kinds.items():
        time = float(np.median(seconds[kind]))
        rows.append(row(f'{name}, {kind}', {}, 'images/s', args.batch / time))
        dtype = torch.bfloat16 if training.amp else torch.float32
        limits = {
            'matrix rate': flops(training.step)
            / matrix_rate(args.device, dtype),
            'copy bandwidth': traffic(training.step) / copy_rate(args.device),
        }
        rows += [
            row(f'{name}, {kind}', {}, f'% of the {limit}', 100 * least / time)
            for limit, least in limits.items()
        ]
    if args.loss_iterations:
        rows += loss_rows(kinds, args.loss_iterations)
    save(args, 'training', rows, args.device)


if __name__ == '__main__':
    with user_errors():
        main()
