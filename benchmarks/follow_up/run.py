"""Lesions followed on pairs of phantoms with known truth.

    python benchmarks/follow_up/run.py              what is not measured yet
    python benchmarks/follow_up/run.py --minutes 15 stop in time, go on later
    python benchmarks/follow_up/run.py --write      page only

A pair takes about 12 s of one core: 7 s to make it, 4 s to register it.
Writes `benchmarks/results/follow-up.json` after each pair, and
`benchmarks/follow-up.md`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.follow_up.measure import measure
from benchmarks.follow_up.page import page
from benchmarks.follow_up.plan import FIRST_SEED, PAIRS
from benchmarks.inputs import ROOT
from benchmarks.pages import page_parser, write_page
from benchmarks.timing import circumstances
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors
from mmuldor.io.json_files import read_json, write_json

RESULT = ROOT / 'benchmarks/results/follow-up.json'
PAGE = ROOT / 'benchmarks/follow-up.md'


def measure_all(pairs: int, minutes: float | None) -> dict[str, Any]:
    """Measure what `RESULT` lacks, in the order of seeds."""
    document: dict[str, Any] = {
        **circumstances(),
        'command': 'python benchmarks/follow_up/run.py',
        'pairs': [],
    }
    if RESULT.is_file():
        document['pairs'] = read_json(RESULT)['pairs']
    known = {record['seed'] for record in document['pairs']}
    start = time.monotonic()
    for seed in range(FIRST_SEED, FIRST_SEED + pairs):
        late = minutes and time.monotonic() - start > 60 * minutes
        if seed in known or late:
            continue
        record = measure(seed)
        document['pairs'].append(record)
        write_json(RESULT, document, indent=1)
        print(seed, record['results']['true boxes'], flush=True)
    return document


@user_errors()
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write."""
    parser = page_parser(__doc__)
    parser.add_argument('--pairs', type=types.count, default=PAIRS)
    parser.add_argument('--minutes', type=types.positive)
    args = parser.parse_args(argv)
    if not args.write:
        measure_all(args.pairs, args.minutes)
    write_page(PAGE, page(read_json(RESULT)))


if __name__ == '__main__':
    main(sys.argv[1:])
