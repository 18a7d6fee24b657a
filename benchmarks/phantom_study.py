"""The study of ULDor's claims on a phantom: train, test, write up.

    python benchmarks/phantom_study.py              all of it, about N hours
    python benchmarks/phantom_study.py --hours 2    start no piece after 2 h
    python benchmarks/phantom_study.py --only systems missing

What `benchmarks/results/phantom-study/` holds already is not done again, so
the command goes on where it stopped. Data, checkpoints and logs are in
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
from mmuldor.io.cli import user_errors

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
        '--hours', type=float, help='start no further piece after this time'
    )
    parser.add_argument(
        '--work-dir',
        default='work_dirs/study',
        help='data, checkpoints and logs (default work_dirs/study)',
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Run what is missing."""
    args = parse_args(argv)
    began = time.monotonic()
    places = Places(
        ROOT, Path(args.work_dir), ROOT / 'benchmarks/results/phantom-study'
    )
    plan = {piece.name: piece for piece in make_plan()}
    wanted = [piece for piece in plan.values() if piece.group in args.only]
    todo = [piece for piece in wanted if not places.record(piece).is_file()]
    print(f'{len(wanted) - len(todo)} of {len(wanted)} pieces are done')
    make_data(ROOT, places.data)
    for number, piece in enumerate(todo, start=1):
        hours = (time.monotonic() - began) / 3600
        if args.hours is not None and hours >= args.hours:
            print(f'{hours:.1f} h are over; start again to go on')
            break
        print(
            f'[{hours:5.2f} h] {number}/{len(todo)} {piece.name}', flush=True
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
