"""The page of the simulation, from its result file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmuldor.io.json_files import read_json, replacing

TESTS = {
    'readers': 'seeds as readers',
    'hillis': "Hillis' df, two seeds",
    'bootstrap': 'bootstrap of seeds and patients',
    'permutation': 'permutation of patients',
}
LIMIT, LEAST = 0.08, 0.03

_HEAD = """\
# Inference about methods

Written by `python -m benchmarks.inference --write`; do not edit. The command
without `--write` simulates first.

How often does a test find a difference between two equal methods, each
trained with the same seeds and tested on the same patients? It should be in
5 % of the studies. An interval that belongs to a test covers the true
difference in the rest, whatever that is, since the simulated differences are
shifts.

* **Seeds as readers**: `seeds_as_readers` of
  `mmuldor.evaluation.comparison`, which `tools/compare.py` uses (Obuchowski
  and Rockette 1995; Hillis 2007).
* **Hillis' df, two seeds**: the same with Hillis' degrees of freedom for two
  seeds, where the project replaces them. With more seeds the two are one.
* **Bootstrap of seeds and patients**: percentile interval of resamples that
  draw both, as this project used before.
* **Permutation of patients**: exchanges the methods patient by patient and
  holds the trainings fixed.
"""

_MODEL = """\
## Model

The difference of seed s is the mean over patients i, weighted by their
lesions, of a_s + u_i + e_is: normal, with the standard deviations below.
`seeds` is that of a_s; `patients` and `residual` are what u_i and e_is add to
a mean over {patients} patients. With fewer patients both grow. Numbers of
lesions a patient are those of the phantom study. {studies:,} studies a cell:
5 % is known to +-{error:.1f} points, {resamples} resamples of the patients and
as many permutations each. {again} cells where seeds as readers were above 7 %
were simulated again with new draws, {more:,} studies each, since the highest
of many rates is too high by chance: those rates are shown.
"""

_FAMILIES = """\
## Several comparisons

{comparisons} comparisons of equal methods that are tested together should have
a p of 0.05 or less after Holm in 5 % of the families; {families:,} families
know that to +-{error:.1f} points. Seeds as readers, {patients} patients, the
components with the highest rates above ("{components}"), by
`{command}`:

| seeds | families with a difference, % |
|---:|---:|
{rows}

With two seeds the weighted t is taken anew at the level of each comparison,
since degrees of freedom that hold at 5 % give a p that is too small below it.
With three seeds that vary so much more than patients Hillis' degrees of
freedom err more often in the smaller level of each comparison than at 5 %: a
family of primary comparisons wants five seeds or more.
"""

_MEASURED = """\
## Measured components

From the outcomes of [the phantom study](phantom-study.md), percentage points
squared, of the mean sensitivity over 0.5, 1, 2 and 4 FPs on {patients}
patients. Estimates from few seeds; below 0 by chance.
"""


def write_page(result: Path, page: Path) -> None:
    """Write the Markdown page of a result file."""
    with replacing(page) as temporary:
        temporary.write_text(page_text(read_json(result)), encoding='utf-8')


def page_text(found: dict) -> str:
    """The page.

    Args:
        found: The result file.
    """
    patients = max(cell['patients'] for cell in found['cells'])
    model = _MODEL.format(
        patients=patients,
        studies=found['studies'],
        resamples=found['resamples'],
        again=sum(c['studies'] > found['studies'] for c in found['cells']),
        more=max(c['studies'] for c in found['cells']),
        error=100 * 1.96 * (0.05 * 0.95 / found['studies']) ** 0.5,
    )
    measured = _MEASURED.format(patients=patients)
    parts = [
        _HEAD,
        '## In short\n',
        _summary(found),
        model,
        _components(found['components']),
        '## False differences, % of the studies\n',
        'A cell has 2 / 3 / 5 / 10 seeds. "Residual" is its share in the '
        'variance of the difference of one seed.\n',
        _rates(found),
        _families(found['families']),
        measured,
        _measured(found['measured']),
        f'Took {found["seconds"]:,} s ({found["machine"]["processor"]}).\n',
    ]
    return '\n'.join(parts)


def share_of_residuals(components: dict, patients: int, largest: int) -> float:
    """Share of the residuals in the variance of one seed's difference."""
    scale = largest / patients
    both = scale * components['both'] ** 2
    shared = scale * components['patients'] ** 2
    return both / (both + shared + components['seeds'] ** 2)


def _summary(found: dict) -> str:
    cells = found['cells']
    largest = max(cell['patients'] for cell in cells)
    by_name = {c['name']: c for c in found['components']}

    def minor(cell: dict) -> bool:
        components = by_name[cell['components']]
        share = share_of_residuals(components, cell['patients'], largest)
        return cell['seeds'] >= 5 and share <= 1 / 3

    lines = [
        '| test | largest | cells above 8 % | smallest * | coverage |',
        '|---|---:|---:|---:|---:|',
    ]
    for key, name in TESTS.items():
        rates = [cell[key] for cell in cells]
        above = sum(rate > LIMIT for rate in rates)
        least = min(cell[key] for cell in cells if minor(cell))
        lines.append(
            f'| {name} | {100 * max(rates):.1f} % | {above} of {len(cells)} | '
            f'{100 * least:.1f} % | {100 * (1 - max(rates)):.1f} to '
            f'{100 * (1 - min(rates)):.1f} % |'
        )
    low = sum(cell['readers'] < LEAST for cell in cells)
    few = sum(cell['readers'] < LEAST and cell['seeds'] < 5 for cell in cells)
    lines += [
        '',
        '\\* of the cells with 5 or 10 seeds where seeds and patients have at '
        'least twice the variance of the residuals.',
        '',
        f'Seeds as readers are conservative (below 3 %) in {low} cells, {few} '
        'of them with 2 or 3 seeds: where residuals are large, since a few '
        'seeds that agree by chance are not believed, and with two seeds.',
        '',
        'Their highest rates are those of three seeds that vary much more '
        'than patients. The variance between seeds, and with it the degrees '
        'of freedom, is then estimated from three numbers: where it comes out '
        'small by chance, the test takes the patients for the larger part and '
        'a t with many degrees of freedom. With two seeds the same gives up '
        f'to {100 * max(cell["hillis"] for cell in cells):.1f} %, so there '
        "Cochran's weighted t replaces it.",
        '',
    ]
    return '\n'.join(lines)


def _components(components: Sequence[dict]) -> str:
    lines = [
        '| components | seeds | patients | residual |',
        '|---|---:|---:|---:|',
    ]
    lines += [
        f'| {c["name"]} | {c["seeds"]:.2f} | {c["patients"]:.2f} | '
        f'{c["both"]:.2f} |'
        for c in components
    ]
    return '\n'.join([*lines, ''])


def _rates(found: dict) -> str:
    lines = [
        '| components | patients | residual, % | '
        f'{" | ".join(TESTS.values())} |',
        '|---|---:|---:|' + '---:|' * len(TESTS),
    ]
    by_name = {c['name']: c for c in found['components']}
    largest = max(cell['patients'] for cell in found['cells'])
    groups: dict[tuple, list[dict]] = {}
    for cell in found['cells']:
        key = cell['components'], cell['patients']
        groups.setdefault(key, []).append(cell)
    for (name, patients), cells in groups.items():
        share = share_of_residuals(by_name[name], patients, largest)
        texts = [f'{100 * share:.0f}', *(_row(cells, key) for key in TESTS)]
        lines.append(f'| {name} | {patients} | {" | ".join(texts)} |')
    return '\n'.join([*lines, ''])


def _row(cells: Sequence[dict], test: str) -> str:
    shown = cells if test != 'hillis' else cells[:1]
    return ' / '.join(f'{100 * cell[test]:.1f}' for cell in shown)


def _families(found: dict) -> str:
    rows = [
        f'| {seeds} | {100 * rate:.1f} |'
        for seeds, rate in found['rates'].items()
    ]
    error = 100 * 1.96 * (0.05 * 0.95 / found['families']) ** 0.5
    return _FAMILIES.format(**found, rows='\n'.join(rows), error=error)


def _measured(entries: Sequence[dict]) -> str:
    lines = [
        '| figure | seeds | between seeds | patients | residual |',
        '|---|---:|---:|---:|---:|',
    ]
    lines += [
        f'| {e["name"]} | {e["runs"]} | {e["seeds"]:.2f} | '
        f'{e["patients"]:.2f} | {e["both"]:.2f} |'
        for e in entries
    ]
    return '\n'.join([*lines, ''])
