"""The phantom study of ULDor's claims: train, test, write the report.

    python benchmarks/phantom_study.py              all of it, about 5 hours
    python benchmarks/phantom_study.py --hours 2    start no piece after 2 h
    python benchmarks/phantom_study.py --only systems missing
    python benchmarks/phantom_study.py --write      only write the report

Pieces with a result in `benchmarks/results/phantom-study/` are skipped, so the
command continues where it stopped. Data, checkpoints and logs are in
`work_dirs/study`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.study.data import make_data
from benchmarks.study.pieces import Places, run_piece
from benchmarks.study.plan import make_plan
from benchmarks.study.report import write_study
from benchmarks.study.results import TESTSET_NAME
from benchmarks.study.testset import describe_testset
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors
from mmuldor.evaluation.comparison.compare import Settings

ROOT = Path(__file__).resolve().parents[1]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    groups = list(dict.fromkeys(piece.group for piece in make_plan()))
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--only',
        nargs='+',
        choices=groups,
        default=groups,
        help='comparisons to run',
    )
    parser.add_argument(
        '--hours',
        type=types.not_negative,
        help='start no further piece after this time',
    )
    parser.add_argument(
        '--write', action='store_true', help='write the report, run nothing'
    )
    parser.add_argument(
        '--work-dir',
        default='work_dirs/study',
        help='data, checkpoints and logs (default work_dirs/study)',
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the missing pieces, then write the report."""
    args = parse_args(argv)
    places = Places(
        ROOT, Path(args.work_dir), ROOT / 'benchmarks/results/phantom-study'
    )
    if not args.write:
        run_missing(places, args.only, args.hours)
    print('writing benchmarks/phantom-study.md')
    write_study(
        places.results,
        ROOT / 'benchmarks/phantom-study.md',
        # No permutation tests: exchanging patients compares these trainings,
        # not the methods.
        Settings(num_permutations=0),
        lambda title: print(f'  {title}', flush=True),
    )


def run_missing(
    places: Places, groups: Sequence[str], hours: float | None
) -> None:
    """Run the pieces of these groups that have no result yet."""
    began = time.monotonic()
    plan = {piece.name: piece for piece in make_plan()}
    chosen = [piece for piece in plan.values() if piece.group in groups]
    todo = [piece for piece in chosen if not places.record(piece).is_file()]
    print(f'{len(chosen) - len(todo)} of {len(chosen)} pieces are done')
    make_data(ROOT, places.data)
    describe_testset(
        places.data / 'test.json',
        places.data / 'truth.json',
        places.results / TESTSET_NAME,
    )
    for number, piece in enumerate(todo, start=1):
        passed = (time.monotonic() - began) / 3600
        if hours is not None and passed >= hours:
            print(f'{passed:.1f} h are over; start again to go on')
            return
        print(
            f'[{passed:5.2f} h] {number}/{len(todo)} {piece.name}', flush=True
        )
        record = run_piece(piece, plan.get(piece.start), places)
        figures = record['figures']['lesion']
        at_4 = figures['sensitivity'][figures['fp_rates'].index(4.0)]
        print(
            f'          {100 * at_4:.1f} % at 4 FPs; training '
            f'{record["training"]["wall_s"]:.0f} s, test '
            f'{record["testing"]["wall_s"]:.0f} s',
            flush=True,
        )


if __name__ == '__main__':
    with user_errors():
        main()
