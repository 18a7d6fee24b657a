"""Run all benchmarks and write their tables: `make bench`.

    python benchmarks/run.py
    python benchmarks/run.py --only froc masks
    python benchmarks/run.py --only ops         needs a C++ compiler
    python benchmarks/run.py --device cuda:0 --only mining training inference
    python benchmarks/run.py --write            write the tables only

If a stage fails, the others still run, and it is named at the end. Needs the
models of `make demo`. Real data is used if `MMULDOR_REAL_DATA` has it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.tables import ON_GPU, ON_REQUEST, STAGES, write_tables
from benchmarks.timing import ROOT
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    usual = [stage for stage in STAGES if stage not in ON_REQUEST]
    add('--only', nargs='+', choices=STAGES, default=usual)
    add('--device', type=types.device, default='cpu', help="'cpu' or 'cuda:0'")
    add('--note', default='', help='what else runs on the machine')
    add('--write', action='store_true', help='write the table, run nothing')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the stages and write the tables.

    Raises:
        RuntimeError: If stages failed; names them.
    """
    args = parse_args(argv)
    stages = [] if args.write else args.only
    if args.device != 'cpu':
        stages = [stage for stage in stages if stage in ON_GPU]
    failed = [stage for stage in stages if not run(stage, args)]
    write_tables(ROOT / 'benchmarks/README.md')
    print('wrote benchmarks/README.md')
    if failed:
        raise RuntimeError(f'failed: {", ".join(failed)}; see above')


def run(stage: str, args: argparse.Namespace) -> bool:
    """Run a stage in its own process; returns whether it succeeded."""
    words = [sys.executable, f'benchmarks/stages/bench_{stage}.py']
    if stage in ON_GPU:
        words += ['--device', args.device]
    if args.note:
        words += ['--note', args.note]
    print(f'\n== {" ".join(words[1:])}', flush=True)
    return subprocess.run(words, cwd=ROOT).returncode == 0


if __name__ == '__main__':
    with user_errors():
        main()
