"""Time training iterations of the R-101 Mask R-CNN against stock mmdet's.

    python benchmarks/stages/bench_training.py
    python benchmarks/stages/bench_training.py --device cuda:0 --batch 8

Same images of noise with three discs each, 512 x 512 px, same batch, same
device; `mask-rcnn_r101_fpn_1x_coco` of mmdet with one class. No weight moves,
so that every iteration does the same. Where the device has bfloat16 also in
that, as `tools/train.py --amp` trains, on a GPU mmdet's, too; with
`--loss-iterations` the losses of all kinds while they learn. How far the limit
is, say the shares of two measured rates: of matrix products, and of a plain
copy, where every operator's inputs and outputs count as if no cache held them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.models import build, synchronise
from benchmarks.rows import row, times_faster
from benchmarks.stages.bench_ops import random_batch
from benchmarks.stages.limits import copy_rate, flops, matrix_rate, traffic
from benchmarks.timing import ROOT, alternate, make_parser, save
from mmuldor.apis.configs.loading import load_config
from mmuldor.apis.configs.precision import enable_amp
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors
from mmuldor.upstream.cpu_units import has_amx

OURS = ROOT / 'configs/mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py'
STOCK = 'mmdet::mask_rcnn/mask-rcnn_r101_fpn_1x_coco.py'


def stock_config() -> Config:
    """mmdet's own, for one class."""
    from mmengine.hub import get_config

    config = get_config(STOCK)
    config.model.roi_head.bbox_head.num_classes = 1
    config.model.roi_head.mask_head.num_classes = 1
    return config


def stock_bfloat16() -> Config:
    """The same with mmdet's `--amp`, in bfloat16."""
    config = stock_config()
    config.optim_wrapper.update(
        type='AmpOptimWrapper', dtype='bfloat16', loss_scale=1.0
    )
    return config


def our_config() -> Config:
    """The project's config."""
    return load_config(str(OURS))


class Training:
    """Iterations of a config on one batch.

    Args:
        config: Of the model and its optimiser.
        device: Where.
        batch: Images.
        side_px: Of an image.
        learns: Whether the weights change. Without, every iteration draws and
            does the same, which is what is timed.
    """

    def __init__(
        self,
        config: Config,
        device: str,
        batch: int,
        side_px: int,
        learns: bool = False,
    ) -> None:
        config.model.backbone.init_cfg = None
        kind = config.optim_wrapper.get('type', '')
        self.amp = kind.endswith('AmpOptimWrapper')
        self.learns = learns
        self.model, self.optimiser = build(config, None, device)
        if not learns:
            for group in self.optimiser.optimizer.param_groups:
                group['lr'] = group['weight_decay'] = 0.0
        self.model.train()
        torch.manual_seed(1)
        self.batch = random_batch(batch, side_px)

    def step(self) -> torch.Tensor:
        """Train on the batch; returns the loss before, without waiting."""
        if not self.learns:
            torch.manual_seed(2)
        return self.model.train_step(self.batch, self.optimiser)['loss']


def check(kinds: dict[str, Training]) -> dict[str, float]:
    """Raise unless every kind is repeatable and bfloat16 follows float32.

    The two packages' models differ in anchors, so their losses do, too.
    """
    losses = {}
    for kind, training in kinds.items():
        first, second = (float(training.step()) for _ in range(2))
        np.testing.assert_allclose(first, second, rtol=0.01, err_msg=kind)
        losses[kind] = first
    for kind, loss in losses.items():
        plain = losses[kind.partition(',')[0]]
        np.testing.assert_allclose(loss, plain, rtol=0.1, err_msg=kind)
    return losses


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
    add('--device', type=types.device, default='cpu', help="'cpu' or 'cuda:0'")
    add('--batch', type=types.count, default=2, help='images an iteration')
    add('--side', type=types.count, default=512, help='of an image, in px')
    add('--loss-iterations', type=types.whole_number(0), default=0)
    args = parser.parse_args()

    def trainings(learns: bool) -> dict[str, Training]:
        return {
            kind: Training(make(), args.device, args.batch, args.side, learns)
            for kind, make in configs(args.device).items()
        }

    kinds = trainings(learns=False)
    losses = check(kinds)
    works = {kind: training.step for kind, training in kinds.items()}
    seconds = alternate(works, args.repeats, synchronise(args.device))
    name = f'R-101 Mask R-CNN, {args.batch} x {args.side} px'
    rows = ratios(name, seconds, args.device)
    rows += shares(name, kinds, seconds, args)
    if args.loss_iterations:
        rows += loss_rows(trainings(learns=True), args.loss_iterations)
    save(args, 'training', rows, args.device, losses=losses)


def configs(device: str) -> dict[str, Callable[[], Config]]:
    """Timed configs by name; ours is the last."""
    found: dict[str, Callable[[], Config]] = {
        'mmdet': stock_config,
        'mmuldor': our_config,
    }
    if device != 'cpu':
        # MMEngine has none for a CPU.
        found['mmdet, bfloat16'] = stock_bfloat16
    # Where there is a GPU, `enable_amp` is for that.
    on_cpu = has_amx() and not torch.cuda.is_available()
    if device != 'cpu' or on_cpu:
        found['mmuldor, bfloat16'] = lambda: enable_amp(our_config())
    return found


def ratios(name: str, seconds: dict, device: str) -> list[dict]:
    """Rows of ours against stock mmdet, on a GPU at equal precision, too."""
    found = [times_faster(name, seconds, 'mmuldor', 'mmdet')]
    best = 'mmuldor, bfloat16'
    if best in seconds:
        wanted = None if device == 'cpu' else 2.0
        found.append(times_faster(name, seconds, best, 'mmdet', wanted))
    if 'mmdet, bfloat16' in seconds:
        found.append(times_faster(name, seconds, best, 'mmdet, bfloat16'))
    return found


def shares(name: str, kinds: dict, seconds: dict, args) -> list[dict]:
    """Rows with images a second, and the fraction of the device's limits."""
    rows = []
    copying = copy_rate(args.device)
    rates = {
        dtype: matrix_rate(args.device, dtype)
        for dtype in {precision(training) for training in kinds.values()}
    }
    for kind, training in kinds.items():
        time = float(np.median(seconds[kind]))
        rows.append(row(f'{name}, {kind}', {}, 'images/s', args.batch / time))
        least = {
            'matrix rate': flops(training.step) / rates[precision(training)],
            'copy bandwidth': traffic(training.step) / copying,
        }
        rows += [
            row(f'{name}, {kind}', {}, f'% of the {limit}', 100 * spent / time)
            for limit, spent in least.items()
        ]
    return rows


def precision(training: Training) -> torch.dtype:
    """dtype of its matrix products."""
    return torch.bfloat16 if training.amp else torch.float32


if __name__ == '__main__':
    with user_errors():
        main()
