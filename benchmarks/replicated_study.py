"""The replicated study of ULDor's claims: train, test, write the report.

    python benchmarks/replicated_study.py             all of it, about 6 hours
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

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.replicates.command import parse_args, run_study
from benchmarks.replicates.plan import all_units
from benchmarks.replicates.report import write_report
from mmuldor.cli.errors import user_errors

ROOT = Path(__file__).resolve().parents[1]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the missing pieces, then write the report."""
    args = parse_args(__doc__, 'replicated-study', 'replicates', argv)
    report = 'benchmarks/replicated-study.md'
    run_study(args, ROOT, all_units(), write_report, report)


if __name__ == '__main__':
    with user_errors():
        main()
