"""The command of a study of phantoms: run what is missing, then report."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.replicates.run import Step, missing_steps, run_steps
from benchmarks.replicates.units import Unit
from mmuldor.cli import types


def parse_args(
    description: str | None, name: str, work: str, argv: Sequence[str] | None
) -> argparse.Namespace:
    """The command line of a study.

    Args:
        description: Text of ``--help``.
        name: Of the folder in ``benchmarks/results``.
        work: Of the folder in ``work_dirs``.
        argv: The arguments; None for those of the process.
    """
    parser = argparse.ArgumentParser(
        description=description,
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
        help='pieces at once (default 1); two with a thread each take four '
        'fifths of the time on two cores',
    )
    parser.add_argument(
        '--write', action='store_true', help='write the report, run nothing'
    )
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=Path('work_dirs') / work,
        help='data, checkpoints and logs (default work_dirs/' + work + ')',
    )
    parser.add_argument(
        '--results',
        type=Path,
        default=Path(__file__).parents[1] / 'results' / name,
        help='what is kept (default benchmarks/results/' + name + ')',
    )
    return parser.parse_args(argv)


def run_study(
    args: argparse.Namespace,
    root: Path,
    units: Sequence[Unit],
    write: Callable[[Path, Path], None],
    report: str,
) -> None:
    """Run the missing pieces, then write the report.

    Args:
        args: Of :func:`parse_args`.
        root: The project's folder.
        units: All phantoms.
        write: Writes the report; takes the results' folder and the file.
        report: The report's path in the project.
    """
    total = sum(len(unit.pieces) for unit in units)
    steps = missing_steps(root, args.work_dir, args.results, units)
    print(f'{total - len(steps)} of {total} pieces are done')
    if not args.write:
        threads = max(1, (os.cpu_count() or 1) // args.jobs)
        os.environ.setdefault('OMP_NUM_THREADS', str(threads))
        run_steps(steps, Clock(args.hours, len(steps)), args.jobs)
    print(f'writing {report}')
    write(args.results, root / report)


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
