"""Time an iteration of every arm of the search for a recipe, in turn.

    OMP_NUM_THREADS=1 python benchmarks/recipe/times.py

Trainings that run on several machines, or beside something else, cannot be
compared by their seconds. Here every arm trains on the same images of the
first phantom, one arm after the other in every round, loading and averaging of
weights included. HNEM is left out: its mining is timed by whole trainings.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.registry import MODELS
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.models import build, epoch, loader
from benchmarks.recipe.plan import BASELINE, TIMES, development
from benchmarks.rows import row
from benchmarks.study.data import make_data
from benchmarks.study.pieces import num_epochs
from benchmarks.timing import ROOT, alternate, make_parser, save
from mmuldor.apis.configs.loading import load_config
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors

PHANTOM = development(0)
# The baseline is the first.
ARMS = {piece.method: piece for piece in PHANTOM.pieces if piece.start is None}


def training(path: str, data: Path, images: int) -> Callable[[], None]:
    """A function that trains on the first images once, the process alone.

    Args:
        path: Of the config.
        data: Folder of the phantom.
        images: So many of the training split.
    """
    config = load_config(path)
    config.train_dataloader.update(num_workers=0, persistent_workers=False)
    config.train_dataloader.dataset.data_root = f'{data}/'
    model, optimiser = build(config, None, 'cpu')
    average = averaging(model, config)
    batches = loader(config, images)

    def run() -> None:
        for batch in batches:
            epoch(model, optimiser, [batch])
            average(model)

    return run


def averaging(
    model: nn.Module, config: Config
) -> Callable[[nn.Module], object]:
    """What the config's ``EMAHook`` does after an iteration, if it has one."""
    hook = dict(config.default_hooks.get('ema') or {})
    if not hook:
        return lambda model: None
    del hook['type']
    settings = {'type': hook.pop('ema_type'), 'model': model, **hook}
    return MODELS.build(settings).update_parameters


def rows(seconds: Mapping[str, list[float]], batches: int) -> list[dict]:
    """A row an arm: seconds of an iteration, and of the training.

    The value is the time of the whole training as a multiple of the
    baseline's: the ratio of the 10th percentiles over rounds, since what else
    runs on a machine only ever adds time, times the ratio of the epochs.

    Args:
        seconds: Of each round, by arm.
        batches: Iterations in a round.
    """
    base = np.percentile(seconds[BASELINE], 10)
    most = num_epochs(ARMS[BASELINE], ROOT)
    return [
        row(
            name,
            {'an iteration': [value / batches for value in values]},
            f'times the training of {BASELINE}',
            float(np.percentile(values, 10) / base)
            * num_epochs(ARMS[name], ROOT)
            / most,
        )
        for name, values in seconds.items()
    ]


def main() -> None:
    """Run the benchmark from the command line."""
    parser = make_parser(__doc__, TIMES, repeats=7)
    add = parser.add_argument
    add('--images', type=types.count, default=10, help='trained on in a round')
    add(
        '--data',
        type=Path,
        default=ROOT / 'work_dirs/recipe/development-00/phantom',
        help='folder of the first phantom, made where it is missing (default '
        'work_dirs/recipe/development-00/phantom)',
    )
    args = parser.parse_args()
    data = args.data.resolve()
    make_data(ROOT, data, PHANTOM.seed, (), neighbours=PHANTOM.neighbours)
    works = {
        name: training(str(ROOT / piece.config), data, args.images)
        for name, piece in ARMS.items()
    }
    seconds = alternate(works, args.repeats)
    # Every config of the study has two images an iteration.
    save(args, TIMES, rows(seconds, (args.images + 1) // 2))


if __name__ == '__main__':
    with user_errors():
        main()
