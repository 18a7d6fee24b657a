"""Fuzz every reader of files for a bounded time: `make fuzz`.

    python tests/fuzz/run.py --seconds 60 [TARGET ...]

Inputs that a reader does not end in one line go to --out, named by target;
`python tests/fuzz/run.py --again FILE TARGET` reads one again. What is found
becomes a line of tests/faults/test_found_by_fuzzing.py.
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fuzz.targets import TARGETS, read_bytes, write_corpus

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Fuzz the targets one after the other; exit code 1 on any finding."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('targets', nargs='*', default=list(TARGETS))
    parser.add_argument('--seconds', type=int, default=60, help='a target')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/fuzz'))
    parser.add_argument('--again', type=Path, help='a file that was found')
    args = parser.parse_args()
    wrong = set(args.targets) - set(TARGETS)
    if wrong:
        parser.error(f'targets are {", ".join(TARGETS)}, not {wrong.pop()}')
    if args.again:
        with tempfile.TemporaryDirectory() as folder:
            data = args.again.read_bytes()
            taken = read_bytes(args.targets[0], data, Path(folder))
        print('read' if taken else 'refused as it must be')
        return
    if importlib.util.find_spec('atheris') is None:
        sys.exit(
            'error: atheris is not installed. It has wheels for Linux on '
            'x86-64 and Python 3.10 to 3.12: '
            'pip install -r tests/fuzz/requirements.txt'
        )
    found = [name for name in args.targets if not _fuzz(name, args)]
    if found:
        sys.exit(f'error: found something in {", ".join(found)}: {args.out}')
    print(f'{len(args.targets)} targets, {args.seconds} s each: nothing found')


def _fuzz(target: str, args: argparse.Namespace) -> bool:
    """Whether nothing was found."""
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        write_corpus(target, Path(corpus))
        done = subprocess.run(
            [
                *(
                    sys.executable,
                    str(Path(__file__).with_name('fuzz_one.py')),
                ),
                *(target, corpus, f'-max_total_time={args.seconds}'),
                *('-rss_limit_mb=1500', '-timeout=20', '-max_len=20000'),
                f'-artifact_prefix={args.out.resolve()}/{target}_',
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            errors='replace',
            check=False,
        )
    log = args.out / f'{target}.log'
    log.write_text(done.stdout + done.stderr)
    last = [
        s for s in done.stderr.splitlines() if 'exec/s' in s or 'Done' in s
    ]
    state = 'ok' if done.returncode == 0 else 'FOUND'
    print(f'{target:>13} {state:>6}  {last[-1] if last else log}', flush=True)
    return done.returncode == 0


if __name__ == '__main__':
    main()
