"""The replicated study of ULDor's claims: train, test, write the report.

    python benchmarks/replicated_study.py             all of it, about 9 hours
    python benchmarks/replicated_study.py --hours 2   start no piece after 2 h
    python benchmarks/replicated_study.py --jobs 2    two phantoms at once
    python benchmarks/replicated_study.py --write     only write the report

Every replicate is a new phantom, for training and test, and seven trainings
with a new seed; afterwards come phantoms with other numbers of confusers.
Pieces with a result in `benchmarks/results/replicated-study/` are skipped, so
the command continues where it stopped. Data, checkpoints and logs are in
`work_dirs/replicates` while their phantom is unfinished.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.replicates.plan import all_units
from benchmarks.replicates.report import write_report
from benchmarks.replicates.run import Step, missing_steps, run_steps
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'benchmarks/results/replicated-study'


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--hours',
        type=types.positive,
        help='start no further piece after this time',
    )
    parser.add_argument(
        '--jobs',
        type=types.count,
        default=1,
        help='phantoms at once (default 1); two with a thread each take four '
        'fifths of the time on two cores',
    )
    parser.add_argument(
        '--write', action='store_true', help='write the report, run nothing'
    )
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=Path('work_dirs/replicates'),
        help='data, checkpoints and logs (default work_dirs/replicates)',
    )
    parser.add_argument(
        '--results',
        type=Path,
        default=RESULTS,
        help='what is kept (default benchmarks/results/replicated-study)',
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the missing pieces, then write the report."""
    args = parse_args(argv)
    units = all_units()
    total = sum(len(unit.pieces) for unit in units)
    steps = missing_steps(ROOT, args.work_dir, args.results, units)
    print(f'{total - len(steps)} of {total} pieces are done')
    if not args.write:
        threads = max(1, (os.cpu_count() or 1) // args.jobs)
        os.environ.setdefault('OMP_NUM_THREADS', str(threads))
        run_steps(steps, Clock(args.hours, len(steps)), args.jobs)
    print('writing benchmarks/replicated-study.md')
    write_report(args.results, ROOT / 'benchmarks/replicated-study.md')


class Clock:
    """Says what begins, and ends the work when its time is over.

    Args:
        hours: The time; None for no limit.
        total: Number of pieces.
    """

    def __init__(self, hours: float | None, total: int) -> None:
        self.hours = hours
        self.total = total
        self.began = time.monotonic()

    def __call__(self, position: int, step: Step) -> bool:
        """Whether to begin this piece."""
        passed = (time.monotonic() - self.began) / 3600
        if self.hours is not None and passed >= self.hours:
            print(f'{passed:.1f} h are over; start again to go on')
            return False
        print(
            f'[{passed:5.2f} h] {position + 1}/{self.total} '
            f'{step.unit.name}: {step.piece.name}',
            flush=True,
        )
        return True


if __name__ == '__main__':
    with user_errors():
        main()
