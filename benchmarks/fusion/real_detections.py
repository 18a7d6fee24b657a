"""Fuse two trainings of a detector on DeepLesion, tuned on validation.

    python benchmarks/fusion/real_detections.py
    python benchmarks/fusion/real_detections.py --time      only the times
    python benchmarks/fusion/real_detections.py --write     only the table

Converts the detections of MULAN (`froc/mulan_{a,b}_{val,test}.npz` of
`MMULDOR_REAL_DATA`), tunes on the official validation split, fuses those of
the test split by each method, and compares all with the training that is
better on validation, with intervals over patients. Each command is one that
docs/evaluation.md shows. The IoU of each rival is the best on validation.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.fusion.table import write_table
from benchmarks.inputs import real
from benchmarks.timing import RESULTS, alternate, circumstances
from mmuldor.cli.errors import user_errors
from mmuldor.evaluation.comparison.compare import Settings
from mmuldor.evaluation.comparison.compare_runs import compare_runs
from mmuldor.functional.fusion.fusing import METHODS, fuse
from mmuldor.functional.fusion.pool import Pool
from mmuldor.io.json_files import read_json, write_json
from tools import convert_results
from tools import fuse as fuse_tool

RESULT = RESULTS / 'fusion.json'
DETECTORS = ('a', 'b')
# Of the timing: 3 detectors, 50 boxes each.
IMAGES, BOXES, REPEATS = 4817, 50, 3


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('--work', type=Path, default=Path('work_dirs/fusion'))
    add('--resamples', type=int, default=2000)
    add('--out', type=Path, default=RESULT)
    add('--time', action='store_true', help='measure times, keep the rest')
    add('--write', action='store_true', help='write the table, run nothing')
    return parser.parse_args(argv)


def convert(work: Path) -> None:
    """npz files to results and annotations in the folder `work`.

    Raises:
        FileNotFoundError: There is no real data.
    """
    for split in ('val', 'test'):
        for number, name in enumerate(DETECTORS):
            place = f'froc/mulan_{name}_{split}.npz'
            path = real(place)
            if path is None:
                raise FileNotFoundError(
                    f'MMULDOR_REAL_DATA must be a folder with {place}.'
                )
            option = '--ann' if number else '--write-ann'
            ann, out = work / f'{split}.json', work / f'{name}_{split}.json'
            words = (path, option, ann, '--out', out)
            convert_results.main(list(map(str, words)))


def inputs(work: Path, split: str) -> list[str]:
    """NAME=FILE of both detectors."""
    return [f'{name}={work / f"{name}_{split}.json"}' for name in DETECTORS]


def fuse_all(work: Path) -> dict[str, dict[str, Any]]:
    """Fuse the test split in each way; settings by name of the row."""
    val, settings = str(work / 'val.json'), work / 'fusion.json'
    words = ('--ann', val, '--settings', str(settings))
    fuse_tool.main(['--tune', *inputs(work, 'val'), *words])
    tuned = read_json(settings)
    ways: dict[str, list[str]] = {
        'defaults': [],
        'scores by rank': ['--scores', 'rank'],
        'tuned': ['--settings', str(settings)],
    }
    for method in METHODS[1:]:
        ways[method] = ['--method', method, '--iou-thr', best(tuned, method)]
    for name, options in ways.items():
        out = str(work / f'{name}.json')
        fuse_tool.main([*inputs(work, 'test'), '--out', out, *options])
    ways['tuned'] = ['--settings', settings.name]
    return {name: {'options': ' '.join(o)} for name, o in ways.items()}


def best(tuned: dict[str, Any], method: str) -> str:
    """The IoU of a method that was best on validation, as it is typed."""
    tried = [
        (own['mean'], own['what'].rpartition(' ')[2])
        for own in tuned['tuning']['tried']
        if own['what'].startswith(f'{method}, IoU ')
    ]
    return max(tried)[1]


def seconds() -> dict[str, float]:
    """Median time of each method for three detectors on a test split."""
    rng = np.random.default_rng(0)
    count = IMAGES * BOXES * 3
    # Three detectors near the same places.
    corner = np.repeat(rng.uniform(0, 450, (count // 3, 2)), 3, axis=0)
    corner += rng.normal(0, 3, corner.shape)
    boxes = np.hstack([corner, corner + rng.uniform(10, 50, corner.shape)])
    images = np.repeat(np.arange(IMAGES), BOXES * 3)
    detectors = np.tile(np.arange(3), count // 3)
    pool = Pool.of(boxes, rng.random(count), detectors, images)
    works = {m: partial(fuse, pool, (1, 1, 1), method=m) for m in METHODS}
    times = alternate(works, REPEATS)
    return {method: float(np.median(own)) for method, own in times.items()}


def compare(
    work: Path, ways: dict[str, dict[str, Any]], resamples: int
) -> dict[str, Any]:
    """Rows with sensitivities and the gain over the better training."""
    alone = read_json(work / 'fusion.json')['tuning']['alone']
    better = max(alone, key=alone.get)
    others = [name for name in DETECTORS if name != better]
    files = {n: work / f'{n}_test.json' for n in (better, *others)}
    files |= {name: work / f'{name}.json' for name in ways}
    compare_runs(
        work / 'comparison',
        [f'{name}={path}' for name, path in files.items()],
        work / 'test.json',
        settings=Settings(num_resamples=resamples, num_permutations=0),
    )
    found = read_json(work / 'comparison' / 'comparison.json')
    gains = {
        entry['second']: entry
        for entry in found['differences']
        if entry['first'] == better
    }
    keys = ('mean', 'mean_interval')
    rows = [
        {
            **{k: row[k] for k in ('name', 'fp_rates', 'sensitivity', *keys)},
            'gain': {k: gains[row['name']][k] for k in keys}
            if row['name'] in gains
            else None,
            **ways.get(row['name'], {}),
        }
        for row in found['rows']
    ]
    counts = {k: found[k] for k in ('images', 'lesions', 'patients')}
    return {**counts, 'better': better, 'rows': rows}


@user_errors()
def main(argv: Sequence[str] | None = None) -> None:
    """Convert, tune, fuse, compare, time, write."""
    args = parse_args(argv)
    if args.time:
        times = {'seconds': seconds(), 'timed_on': circumstances()['machine']}
        write_json(args.out, {**read_json(args.out), **times}, indent=1)
    elif not args.write:
        args.work.mkdir(parents=True, exist_ok=True)
        convert(args.work)
        found = compare(args.work, fuse_all(args.work), args.resamples)
        tuning = read_json(args.work / 'fusion.json')['tuning']
        result = {**circumstances(), **found, 'tuning': tuning}
        write_json(args.out, result, indent=1)
    write_table(read_json(args.out))


if __name__ == '__main__':
    main(sys.argv[1:])
