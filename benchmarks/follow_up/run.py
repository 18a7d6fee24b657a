"""Lesions followed on pairs of phantoms with known truth.

    python benchmarks/follow_up/run.py              what is not measured yet
    python benchmarks/follow_up/run.py --minutes 15 stop in time, go on later
    python benchmarks/follow_up/run.py --model FILE with a trained detector
    python benchmarks/follow_up/run.py --write      page only

A pair takes about 12 s of one core: 7 s to make it, 4 s to register it. With
`--model`, a bundle like that of `make demo`, only what that detector finds is
measured, on fewer pairs of larger slices. Writes
`benchmarks/results/follow-up.json` (`follow-up-trained.json`) after each pair,
and `benchmarks/follow-up.md`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.follow_up.measure import measure
from benchmarks.follow_up.page import page
from benchmarks.follow_up.plan import (
    FIRST_SEED,
    PAIRS,
    TRAINED_PAIRS,
    TRAINED_SCORE,
    TRUE_BOXES,
)
from benchmarks.follow_up.trained import measure_trained
from benchmarks.inputs import ROOT
from benchmarks.pages import page_parser, write_page
from benchmarks.timing import circumstances
from mmuldor.apis import LesionDetector
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors
from mmuldor.io.json_files import read_json, write_json

RESULT = ROOT / 'benchmarks/results/follow-up.json'
TRAINED = ROOT / 'benchmarks/results/follow-up-trained.json'
PAGE = ROOT / 'benchmarks/follow-up.md'


def measure_all(
    result: Path,
    measured: Callable[[int], dict[str, Any]],
    seeds: Iterable[int],
    minutes: float | None,
    **facts: str,
) -> None:
    """Measure what a file lacks, in the order of seeds.

    Args:
        result: The JSON file.
        measured: The record of a seed.
        seeds: Of the pairs.
        minutes: Begin no pair after this time.
        facts: Further entries of the file.
    """
    document: dict[str, Any] = {**circumstances(), **facts, 'pairs': []}
    if result.is_file():
        document['pairs'] = read_json(result)['pairs']
    known = {record['seed'] for record in document['pairs']}
    start = time.monotonic()
    for seed in seeds:
        late = minutes and time.monotonic() - start > 60 * minutes
        if seed in known or late:
            continue
        record = measured(seed)
        document['pairs'].append(record)
        write_json(result, document, indent=1)
        counts = record.get('result') or record['results'][TRUE_BOXES.name]
        print(seed, counts, flush=True)


@user_errors()
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write."""
    parser = page_parser(__doc__)
    parser.add_argument('--pairs', type=types.count)
    parser.add_argument('--minutes', type=types.positive)
    parser.add_argument('--model', type=Path, help='a bundle')
    args = parser.parse_args(argv)
    count = args.pairs or (TRAINED_PAIRS if args.model else PAIRS)
    seeds = range(FIRST_SEED, FIRST_SEED + count)
    command = 'python benchmarks/follow_up/run.py'
    if args.model and not args.write:
        detector = LesionDetector.from_bundle(
            args.model, score_thr=TRAINED_SCORE
        )
        measure_all(
            TRAINED,
            lambda seed: measure_trained(seed, detector),
            seeds,
            args.minutes,
            command=f'{command} --model {args.model.name}',
        )
    elif not args.write:
        measure_all(RESULT, measure, seeds, args.minutes, command=command)
    write_page(PAGE, whole_page())


def whole_page() -> str:
    """The page of what is stored."""
    trained = read_json(TRAINED) if TRAINED.is_file() else None
    return page(read_json(RESULT), trained)


if __name__ == '__main__':
    main(sys.argv[1:])
