"""How often tests of methods err: simulation with measured components.

    python -m benchmarks.inference           simulate, write the page
    python -m benchmarks.inference --holm    simulate the families alone
    python -m benchmarks.inference --write   write the page only

Variance components are measured on the outcomes of the phantom study; others
are added. The result is `benchmarks/results/method-inference.json`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from benchmarks.inference.components import (
    PATIENTS,
    Components,
    chosen,
    measure,
)
from benchmarks.inference.page import write_page
from benchmarks.inference.simulation import (
    COMPARISONS,
    RESAMPLES,
    error_rates,
    holm_rate,
)
from benchmarks.study.results import Results
from benchmarks.timing import RESULTS, circumstances
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors
from mmuldor.io.json_files import read_json, write_json

RESULT = RESULTS / 'method-inference.json'
PAGE = RESULTS.parent / 'method-inference.md'
SEEDS = (2, 3, 5, 10)
PATIENT_NUMBERS = (30, 93, PATIENTS)
# Cells above this rate are simulated again with so many times the studies.
SUSPICIOUS, AGAIN = 0.07, 8
# The components whose families are simulated, those with the highest rates.
FAMILY, FAMILIES = 'seeds vary 20 times as patients', 3000


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--studies',
        type=types.count,
        default=3000,
        help='simulated studies a cell (default 3000)',
    )
    parser.add_argument(
        '--seed', type=types.whole_number(0), default=0, help='of all draws'
    )
    parser.add_argument(
        '--holm', action='store_true', help='families of comparisons alone'
    )
    parser.add_argument(
        '--write', action='store_true', help='write the page, run nothing'
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Simulate, then write the page."""
    args = parse_args(argv)
    if args.holm:
        found = read_json(RESULT)
        found['families'] = families(found['components'], args.seed)
        write_json(RESULT, found, indent=1)
    elif not args.write:
        write_json(RESULT, simulate(args.studies, args.seed), indent=1)
    write_page(RESULT, PAGE)
    print(f'wrote {PAGE}')


def simulate(studies: int, seed: int) -> dict:
    """The content of the result file."""
    began = time.monotonic()
    results = Results.load(RESULTS / 'phantom-study')
    measured = measure(results, resamples=1000, seed=seed)
    sizes = lesions_a_patient(results)
    cells = []
    for components in chosen(measured):
        for patients in PATIENT_NUMBERS:
            for seeds in SEEDS:
                cells.append(
                    {
                        'components': components.name,
                        'patients': patients,
                        'seeds': seeds,
                        'studies': studies,
                        **error_rates(
                            components, patients, seeds, sizes, studies, seed
                        ),
                    }
                )
        print(f'{time.monotonic() - began:5.0f} s {components.name}')
    again(cells, list(chosen(measured)), sizes, seed + 1)
    return {
        **circumstances(),
        'command': 'python -m benchmarks.inference',
        'seconds': round(time.monotonic() - began),
        'studies': studies,
        'resamples': RESAMPLES,
        'seed': seed,
        'measured': measured,
        'components': [asdict(c) for c in chosen(measured)],
        'cells': cells,
        'families': families([asdict(c) for c in chosen(measured)], seed),
    }


def families(components: Sequence[dict], seed: int) -> dict:
    """How often a family of equal methods has a difference after Holm.

    Args:
        components: Of the result file; those of `FAMILY` are simulated.
        seed: Of all draws.
    """
    one = next(c for c in components if c['name'] == FAMILY)
    sizes = lesions_a_patient(Results.load(RESULTS / 'phantom-study'))
    return {
        'command': 'python -m benchmarks.inference --holm',
        'components': FAMILY,
        'patients': PATIENTS,
        'comparisons': COMPARISONS,
        'families': FAMILIES,
        'rates': {
            str(seeds): holm_rate(
                Components(**one), PATIENTS, seeds, sizes, FAMILIES, seed
            )
            for seeds in SEEDS
        },
    }


def again(
    cells: list[dict],
    components: Sequence[Components],
    sizes: np.ndarray,
    seed: int,
) -> None:
    """Simulate the cells with the highest rates again, for they were chosen.

    The highest of many rates is too high by chance; new draws are not.
    """
    by_name = {c.name: c for c in components}
    for cell in cells:
        if cell['readers'] > SUSPICIOUS:
            cell['studies'] *= AGAIN
            cell |= error_rates(
                by_name[cell['components']],
                *(cell['patients'], cell['seeds'], sizes),
                *(cell['studies'], seed),
            )


def lesions_a_patient(results: Results) -> np.ndarray:
    """Lesions of each patient of the phantom study's test set."""
    ranked = next(iter(results.outcomes.values()))['lesion']
    _, patient = np.unique(results.testset.patients, return_inverse=True)
    return np.bincount(patient[ranked.lesion_image])


if __name__ == '__main__':
    with user_errors():
        main()
