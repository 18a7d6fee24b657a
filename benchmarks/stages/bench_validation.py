"""Time a validation of FROC and losses against two separate passes.

    python benchmarks/stages/bench_validation.py

The demo's HNEM model on its validation images. `DetectionValLoop` shares an
image's features between detections and losses and leaves out masks, which
FROC does not use; MMEngine's loop with the same hook predicts with masks and
makes a second pass for the losses. Metrics and losses must be equal before
anything is timed.
"""

from __future__ import annotations

import copy
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from mmengine.config import Config

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.models import ULDOR, add_model, build, chosen, synchronise
from benchmarks.rows import row
from benchmarks.timing import alternate, make_parser, save
from mmuldor.cli.errors import user_errors
from mmuldor.engine.hooks.val_loss_hook import ValLossHook
from mmuldor.engine.runner.brief_runner import BriefRunner

# Target: maximum time in percent of that of two passes.
WANTED = 65
LOOPS = {
    'one pass': dict(type='mmuldor.DetectionValLoop'),
    'two passes, with masks': dict(type='ValLoop'),
}


def validation(
    config: Config, checkpoint: str | None, loop: dict, device: str, work: str
) -> Callable[[], dict]:
    """A function that validates a model and returns the metrics."""
    config = copy.deepcopy(config)
    config.val_cfg, config.work_dir, config.log_level = loop, work, 'ERROR'
    config.train_cfg = config.train_dataloader = config.optim_wrapper = None
    config.param_scheduler = None
    for name in list(config.default_hooks):
        if name != 'val_loss':
            config.default_hooks[name] = None
    runner = BriefRunner.from_cfg(config)
    runner.model, _ = build(load_optimiser(config), checkpoint, device)
    for hook in runner.hooks:
        if isinstance(hook, ValLossHook):
            hook.before_train(runner)
    return runner.val_loop.run


def load_optimiser(config: Config) -> Config:
    """The config with an optimiser that is built but not used."""
    config = copy.deepcopy(config)
    config.optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
    return config


def check(one: dict, two: dict) -> None:
    """Raise unless both give the same metrics."""
    if set(one) != set(two) or 'val_loss' not in one:
        raise AssertionError(f'{set(one) ^ set(two)} are in one alone')
    for name, value in one.items():
        np.testing.assert_allclose(value, two[name], rtol=1e-4, err_msg=name)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = make_parser(__doc__, 'validation', repeats=5)
    add_model(parser, ULDOR, 'mask_rcnn/epoch_3.pth', images=40)
    args = parser.parse_args()
    config, checkpoint = chosen(args)
    config.val_dataloader.dataset.indices = args.images
    with tempfile.TemporaryDirectory() as work:
        works = {
            kind: validation(config, checkpoint, loop, args.device, work)
            for kind, loop in LOOPS.items()
        }
        check(*(run() for run in works.values()))
        seconds = alternate(works, args.repeats, synchronise(args.device))
    one, two = (float(np.median(seconds[kind])) for kind in LOOPS)
    share = row(
        f'{args.config.stem}: FROC and losses',
        seconds,
        '% of two passes',
        100 * one / two,
        ('<=', WANTED),
    )
    save(args, 'validation', [share], args.device)


if __name__ == '__main__':
    with user_errors():
        main()
