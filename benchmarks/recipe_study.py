"""The search for a recipe: train, test, write the report.

    python benchmarks/recipe_study.py --jobs 2    all that is missing
    python benchmarks/recipe_study.py --hours 2   start no piece after 2 h
    python benchmarks/recipe_study.py --write     only write the report

Every building block alone and their combinations on phantoms for development,
then the chosen one against the paper's system on new ones. The tables go into
`benchmarks/recipe-study.md` and `configs/recommended/README.md`. Pieces with a
result in `benchmarks/results/recipe-study/` are skipped, so the command
continues where it stopped.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.recipe.plan import all_units
from benchmarks.recipe.report import write_report
from benchmarks.replicates.command import parse_args, run_study
from mmuldor.cli.errors import user_errors

ROOT = Path(__file__).resolve().parents[1]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the missing pieces, then write the report."""
    args = parse_args(__doc__, 'recipe-study', 'recipe', argv)
    write = partial(
        write_report, readme=ROOT / 'configs/recommended/README.md'
    )
    report = 'benchmarks/recipe-study.md'
    run_study(args, ROOT, all_units(), write, report)


if __name__ == '__main__':
    with user_errors():
        main()
