"""Change the code and see whether a test fails: `make mutants`.

    python tests/mutants/run.py --count 400 --seed 0

mutmut makes every mutant of the files that pyproject.toml names, and runs
the tests that call the mutated function. A sample of them is tried; what the
tests do not notice is listed in report.md. A run that was stopped goes on
where it was, unless sources or tests have changed. While writing tests,
`--keep` tries only those again that were not killed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.mutants.changes import change_of, functions
from tests.mutants.equivalent import load_equivalent
from tests.mutants.report import as_markdown, as_text, summarize
from tests.mutants.staging import ROOT, make_stage
from tests.mutants.verdicts import KILLED, OPEN, draw, read_verdicts

MUTMUT = Path(sys.executable).with_name('mutmut')
# Its five mutants take a second: mutmut makes all of them before it runs any.
FIRST = 'mmuldor.functional.seeds.*'


def main() -> None:
    """Try a sample; exit code 1 below the share of --at-least."""
    args = _parse()
    stage = args.out.resolve()
    same = make_stage(stage, args.keep)
    deadline = time.monotonic() + 60 * args.minutes
    _mutmut(stage, args.jobs, [FIRST], deadline)
    verdicts = read_verdicts(stage)
    _check_equivalent(stage, list(verdicts))
    sample = draw(list(verdicts), args.count, args.seed)
    open_ = OPEN if same else (*OPEN, 'survived', 'no tests', 'suspicious')
    left = [name for name in sample if verdicts[name] in open_]
    print(f'{len(left)} of {len(sample)} mutants to try', flush=True)
    if left:
        _mutmut(stage, args.jobs, left, deadline)
    verdicts = read_verdicts(stage)
    report = _write(stage, {name: verdicts[name] for name in sample}, args)
    print(f'{as_text(report)}\nSee {args.out / "report.md"}.')
    share = report['killed_share']
    if report['tried'] < report['sample']:
        sys.exit(f'error: {args.minutes:g} minutes are over; run it again.')
    if share is not None and share < args.at_least:
        sys.exit(f'error: at least {100 * args.at_least:g} % must be killed.')


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--count', type=int, default=400)
    parser.add_argument('--seed', type=int, default=0, help='of the sample')
    parser.add_argument('--jobs', type=int, default=2, help='processes')
    parser.add_argument('--minutes', type=float, default=60.0)
    parser.add_argument('--at-least', type=float, default=0.85)
    parser.add_argument(
        '--keep',
        action='store_true',
        help='believe what was killed, though sources or tests have changed',
    )
    parser.add_argument('--out', type=Path, default=Path('work_dirs/mutants'))
    return parser.parse_args()


def _mutmut(stage: Path, jobs: int, names: list[str], deadline: float) -> None:
    """Run mutmut on some mutants, and print how far it is every 15 s."""
    log = stage / 'mutmut.log'
    # The numbers of threads and of hash seeds that all mutants share.
    env = {**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHONHASHSEED': '0'}
    with log.open('w') as out:
        process = subprocess.Popen(
            [str(MUTMUT), 'run', '--max-children', str(jobs), *names],
            cwd=stage,
            env=env,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(process, stage, names, deadline)
        finally:
            # Here by Ctrl-C or SIGTERM, too; mutmut has saved each verdict.
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait()
    # 2 and 130: stopped by the signal.
    if process.returncode not in (0, 2, 130, -signal.SIGINT):
        sys.exit(f'error: mutmut failed; the end of {log} says why.')


def _wait(
    process: subprocess.Popen, stage: Path, names: list[str], deadline: float
) -> None:
    wanted, start = set(names), time.monotonic()
    while True:
        try:
            process.wait(15)
            return
        except subprocess.TimeoutExpired:
            mine = _statuses(stage, wanted)
        done = [status for status in mine if status not in OPEN]
        killed = sum(status in KILLED for status in done)
        took = f'{time.monotonic() - start:.0f} s'
        print(
            f'{took}: {len(done)} of {len(names)} tried, {killed} killed'
            if mine
            else f'{took}: mutmut makes all mutants',
            flush=True,
        )
        if time.monotonic() > deadline:
            return


def _statuses(stage: Path, names: set[str]) -> list[str]:
    try:
        found = read_verdicts(stage)
    except json.JSONDecodeError:
        # Caught while mutmut writes a file.
        return []
    return [status for name, status in found.items() if name in names]


def _check_equivalent(stage: Path, names: list[str]) -> None:
    """Every entry of the list must be a mutant that exists."""
    listed = set(load_equivalent())
    where = {(file, function) for file, function, _, _ in listed}
    functions.cache_clear()
    made = set()
    for name in names:
        module, _, mutant = name.rpartition('.')
        file = module.replace('.', '/') + '.py'
        base = mutant.rpartition('__mutmut_')[0]
        last = base[2:].split('ǁ')[-1]
        if any(file == f and last == g.split('.')[-1] for f, g in where):
            made.add(change_of(name, stage).key)
    for key in sorted(listed - made):
        sys.exit(
            f'error: equivalent.json lists a mutant that no longer exists: '
            f'{", ".join(key)}. Remove it, or write what the code is now.'
        )


def _write(
    stage: Path, verdicts: dict[str, str], args: argparse.Namespace
) -> dict:
    survivors = [
        change_of(name, stage)
        for name, status in verdicts.items()
        if status not in (*KILLED, *OPEN)
    ]
    report = summarize(verdicts, survivors, load_equivalent(), args.seed)
    (stage / 'report.json').write_text(json.dumps(report, indent=1) + '\n')
    (stage / 'report.md').write_text(as_markdown(report))
    return report


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.chdir(ROOT)
    main()
