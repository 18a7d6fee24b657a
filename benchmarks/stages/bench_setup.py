"""Time from a bare clone to the first training log line of the demo.

    python benchmarks/stages/bench_setup.py

Clones the project into an empty folder and runs `make demo` there until the
training logs its first iterations, then stops it. Packages come from where pip
finds them, its cache included. `TORCH_INDEX` and `PYTHON` act as in the
Makefile. There is no comparator: mmcv from source alone takes 47 minutes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.rows import row
from benchmarks.timing import ROOT, make_parser, save
from mmuldor.cli.errors import user_errors

# The command's own lines that begin a step, and what ends the measurement.
INSTALLED, FIRST_LOG = 'Making a synthetic CT set', 'Epoch(train) [1]'


def main() -> None:
    """Run the benchmark from the command line."""
    args = make_parser(__doc__, 'setup', repeats=1).parse_args()
    marks = [measure() for _ in range(args.repeats)]
    seconds = {
        'clone and packages': [mark[INSTALLED] for mark in marks],
        'to the first log line': [mark[FIRST_LOG] for mark in marks],
    }
    total = sorted(seconds['to the first log line'])[len(marks) // 2]
    name = 'bare clone to training'
    save(
        args,
        'setup',
        [row(name, seconds, 'minutes', total / 60, ('<=', 4))],
    )


def environment() -> dict[str, str]:
    """That of a user: nothing of a `make bench` around this process."""
    words = ('MAKEFLAGS', 'MFLAGS', 'MAKEOVERRIDES', 'MAKELEVEL', 'VENV')
    found = {k: v for k, v in os.environ.items() if k not in words}
    # Its output is a pipe: no buffering hides the first line.
    return {**found, 'PYTHONUNBUFFERED': '1'}


def measure() -> dict[str, float]:
    """Seconds from the clone's start to each mark."""
    marks, begin = {}, time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        clone = ['git', 'clone', '-q', str(ROOT), folder]
        subprocess.run(clone, check=True)
        process = subprocess.Popen(
            ['make', 'demo'],
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            for line in process.stdout:
                print(f'  {line}', end='')
                for mark in (INSTALLED, FIRST_LOG):
                    if mark in line:
                        passed = time.perf_counter() - begin
                        marks.setdefault(mark, passed)
                if FIRST_LOG in marks:
                    return marks
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
    raise RuntimeError('`make demo` ended before it trained; see above')


if __name__ == '__main__':
    with user_errors():
        main()
