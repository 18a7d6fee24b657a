"""Profile one training epoch of the demo: where its time goes, by stage.

    python benchmarks/stages/bench_epoch.py

The demo's HNEM model trains over some of its images, then mines them. Stages
are timed by wrapping the model's methods; backward steps are those of the
whole model. Beside them: what a loader's worker spends on a sample, and the
ten operators that cost the most, and how often the host waits for the device.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from torch.profiler import ProfilerActivity, profile

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks import models
from benchmarks.rows import row
from benchmarks.stages.waits import wait_rows
from benchmarks.timing import make_parser, save
from mmuldor.cli.errors import user_errors
from mmuldor.engine.mining_round import mine
from mmuldor.mining.rule import MiningRule

OPERATORS = 10
# Images whose waits for the device are counted.
WAITED = 16


class Stages:
    """Seconds by stage, without those of wrapped calls inside a call."""

    def __init__(self, wait: Callable[[], object]) -> None:
        self.seconds = defaultdict(float)
        self.active = True
        self._wait = wait
        self._inner = [0.0]

    def wrap(self, owner: object, method: str, stage: str) -> None:
        """Time every call of ``owner.method`` as a part of ``stage``."""
        call = getattr(owner, method)

        def timed(*args, **kwargs):
            if not self.active:
                return call(*args, **kwargs)
            self._wait()
            begin = time.perf_counter()
            self._inner.append(0.0)
            result = call(*args, **kwargs)
            self._wait()
            spent = time.perf_counter() - begin
            self.seconds[stage] += spent - self._inner.pop()
            self._inner[-1] += spent
            return result

        # A module's forward is looked up on the instance, too.
        owner.__dict__[method] = timed

    def whole(self, work: Callable[[], object], stage: str) -> None:
        """Time a function as one stage, with all that it calls."""
        self.active = False
        self._wait()
        begin = time.perf_counter()
        work()
        self._wait()
        self.seconds[stage] += time.perf_counter() - begin
        self.active = True

    def waited(self, batches: Iterator, stage: str) -> Iterator:
        """Time how long the training waits for each batch."""
        batches = iter(batches)
        while True:
            begin = time.perf_counter()
            batch = next(batches, None)
            self.seconds[stage] += time.perf_counter() - begin
            if batch is None:
                return
            yield batch


def instrument(stages: Stages, model, optimiser) -> None:
    """Wrap the functions that a training iteration calls."""
    heads = model.roi_head
    for owner, method, stage in (
        (model.data_preprocessor, 'forward', 'preprocessing'),
        (model.backbone, 'forward', 'backbone, forward'),
        (model.neck, 'forward', 'FPN, forward'),
        (model.rpn_head, 'loss_and_predict', 'RPN: loss and proposals'),
        (heads, 'loss', 'RoIs: assignment and sampling'),
        (heads, 'bbox_loss', 'box head and its loss'),
        (heads, 'mask_loss', 'mask head and its loss'),
        (optimiser, 'backward', 'backward'),
        (optimiser, 'step', 'optimiser'),
        (model, 'train_step', 'the rest of an iteration'),
    ):
        stages.wrap(owner, method, stage)


def operators(model, optimiser, batches: list) -> list[dict]:
    """The operators of some iterations with the longest times."""
    gpu = next(model.parameters()).is_cuda
    activities = [ProfilerActivity.CPU]
    activities += [ProfilerActivity.CUDA] if gpu else []
    time = 'self_device_time_total' if gpu else 'self_cpu_time_total'
    with profile(activities=activities) as found:
        for batch in batches:
            model.train_step(batch, optimiser)
    events = found.key_averages()
    total = sum(getattr(event, time) for event in events)
    events = sorted(events, key=lambda event: -getattr(event, time))
    return [
        {
            'operator': event.key,
            'calls': event.count // len(batches),
            'share': getattr(event, time) / total,
        }
        for event in events[:OPERATORS]
    ]


def sample_seconds(dataset, images: int) -> list[float]:
    """Time of a loader's worker for each sample."""
    seconds = []
    for index in range(images):
        begin = time.perf_counter()
        dataset[index]
        seconds.append(time.perf_counter() - begin)
    return seconds


def main() -> None:
    """Run the profile from the command line."""
    parser = make_parser(__doc__, 'epoch', repeats=2)
    models.add_model(parser, models.ULDOR, 'mask_rcnn/epoch_3.pth', images=60)
    args = parser.parse_args()
    config, checkpoint = models.chosen(args)
    model, optimiser = models.build(config, checkpoint, args.device)
    batches = models.loader(config, args.images)
    dataset = batches.dataset
    models.epoch(model, optimiser, batches)
    found = operators(model, optimiser, list(batches)[:5])
    stages = Stages(models.synchronise(args.device))
    instrument(stages, model, optimiser)
    for _ in range(args.repeats):
        waited = stages.waited(batches, 'waiting for the loader')
        models.epoch(model, optimiser, waited)
    pipeline = config.val_dataloader.dataset.pipeline
    rule = MiningRule()
    for _ in range(args.repeats):
        stages.whole(
            lambda: mine(model.eval(), dataset, pipeline, rule, epoch=0),
            'mining',
        )
    whole = sum(stages.seconds.values())
    name = f'epoch of {args.images} images'
    rows = [
        row(f'{name}: {stage}', {}, '% of epoch and mining', 100 * t / whole)
        for stage, t in sorted(stages.seconds.items(), key=lambda i: -i[1])
    ]
    rows.append(row(f'{name} and mining', {}, 'seconds', whole / args.repeats))
    sample = sample_seconds(dataset, args.images)
    middle = 1000 * float(np.median(sample))
    rows.append(row('a sample, in a worker', {'': sample}, 'ms', middle))
    rows += wait_rows(config, model, optimiser, args.device, WAITED)
    save(args, 'epoch', rows, args.device, operators=found)
    for operator in found:
        print('{share:6.1%} {operator} ({calls} calls)'.format(**operator))


if __name__ == '__main__':
    with user_errors():
        main()
