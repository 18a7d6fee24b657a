"""The study written up: tables, plots, what the intervals allow to say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks.study.outcomes import load_outcomes
from benchmarks.study.plan import make_plan
from benchmarks.study.plots import missing_figure
from benchmarks.study.testset import TestSet, load_testset
from benchmarks.study.texts import (
    INTRODUCTION,
    MINED_NOTE,
    RUNS_NOTE,
    SECTIONS,
    Part,
    detectable,
)
from mmuldor.functional.froc import FROCCurve
from mmuldor.functional.ranked import Ranked
from mmuldor.functional.resampling import interval, patient_weights
from mmuldor.io.jsonfile import read_json, replacing
from mmuldor.report.comparison import Method, Settings, compare
from mmuldor.report.comparison_tables import difference_sentence, markdown
from mmuldor.report.froc_plot import froc_figure
from mmuldor.report.panels import save_figure

NAMES = {
    'without_mask': 'Mask R-CNN w/o Mask',
    'mask': 'Mask R-CNN',
    'hnem': 'Mask R-CNN + HNEM',
    'hnem+with_fp': 'Mask R-CNN + HNEM + FP',
    'hnem+cut': 'Mask R-CNN + HNEM, cut',
    'hnem+cut_with_fp': 'Mask R-CNN + HNEM + FP, cut',
    'hnem-spare': 'Mask R-CNN + HNEM, sparing',
    'mask-ohem': 'Mask R-CNN + OHEM',
    'mask-focal': 'Mask R-CNN + focal loss',
    'mask-ellipse': 'one ellipse',
    'mask-quadrilateral': 'quadrilateral',
    'mask-box': 'box',
    'hnem-m-1': 'HNEM, m = 1',
    'hnem-m-10': 'HNEM, m = 10',
    'hnem-accumulate': 'HNEM, rounds accumulated',
}
_GRID = np.linspace(0, 16, 321)
TESTSET_NAME = 'test-set.json'


@dataclass(frozen=True)
class Results:
    """Everything that was run.

    Attributes:
        records: The JSON of each finished piece, by its name.
        outcomes: Its outcomes.
        testset: The test set.
        folder: Where they came from.
    """

    records: dict[str, dict]
    outcomes: dict[str, dict[str, Ranked]]
    testset: TestSet
    folder: Path

    @classmethod
    def load(cls, folder: Path) -> Results:
        """Read all pieces of the plan that are there."""
        names = [
            piece.name
            for piece in make_plan()
            if (folder / f'{piece.name}.json').is_file()
        ]
        return cls(
            {name: read_json(folder / f'{name}.json') for name in names},
            {name: load_outcomes(folder / f'{name}.npz') for name in names},
            load_testset(folder / TESTSET_NAME),
            folder,
        )

    def seeds(self, method: str, missing: int) -> list[int]:
        """Seeds that were run."""
        method = method.partition('+')[0]
        return [
            record['seed']
            for record in self.records.values()
            if (record['method'], record['missing']) == (method, missing)
        ]

    def runs(
        self, method: str, missing: int, seeds: Iterable[int]
    ) -> list[Ranked]:
        """Outcomes of a method for these seeds; ``METHOD+KIND``, too."""
        base, _, kind = method.partition('+')
        kind = kind or 'lesion'
        return [
            self.outcomes[f'{base}_missing-{missing}_seed-{seed}'][kind]
            for seed in seeds
        ]


def compare_methods(
    results: Results,
    methods: Sequence[str],
    missing: int,
    settings: Settings,
    names: dict[str, str] | None = None,
) -> dict | None:
    """Compare methods on the seeds that all of them have.

    Methods without a run are left out and listed under ``not_run``; None
    where no method has one.
    """
    names = {**NAMES, **(names or {})}
    there = [m for m in methods if results.seeds(m, missing)]
    if not there:
        return None
    seeds = sorted(
        set.intersection(*(set(results.seeds(m, missing)) for m in there))
    )
    comparison = compare(
        [Method(names[m], results.runs(m, missing, seeds)) for m in there],
        results.testset.patients,
        results.testset.strata,
        settings,
    )
    comparison['seeds'] = seeds
    comparison['not_run'] = [names[m] for m in methods if m not in there]
    return comparison


def section(title: str, text: str, comparison: dict | None) -> str:
    """A comparison as a section: table, differences, what they say."""
    parts = [f'## {title}', text]
    if comparison is None:
        return '\n\n'.join([*parts, 'not run'])
    seeds = ', '.join(map(str, comparison['seeds']))
    parts.append(f'Seeds {seeds}.')
    if comparison['not_run']:
        parts.append(f'Not run: {", ".join(comparison["not_run"])}.')
    parts.append(markdown(comparison, ()).rstrip())
    sentences = [
        '* ' + difference_sentence(d) for d in comparison['differences']
    ]
    if sentences:
        parts.append('At the mean over 0.5, 1, 2 and 4 FPs:')
        parts.append('\n'.join(sentences))
    return '\n\n'.join(parts)


def mining_table(results: Results) -> str:
    """What was mined, and how much of it was a lesion all the same."""
    lines = [
        '| method | annotations missing | round | mined | of them lesions '
        '| spared | of them lesions |',
        '|---|---:|---|---:|---:|---:|---:|',
    ]
    groups: dict[tuple, list[dict]] = {}
    for record in results.records.values():
        for name, counts in record['mined'].items():
            key = (record['method'], record['missing'], name)
            groups.setdefault(key, []).append(counts)
    for (method, missing, name), counts in groups.items():
        when = (
            'before training'
            if name == 'initial'
            else f'after epoch {int(name.rpartition("_")[2]) + 1}'
        )
        cells = [
            cell
            for number, real in (('mined', 'real'), ('spared', 'real_spared'))
            for cell in _share(counts, number, real)
        ]
        lines.append(
            f'| {NAMES[method]} | {missing} % | {when} | {" | ".join(cells)} |'
        )
    return '\n'.join(lines)


def _share(counts: list[dict], number: str, real: str) -> tuple[str, str]:
    """Examples a run, and which share of them is real."""
    total = sum(c.get(number, 0) for c in counts)
    if not total:
        return '0', ''
    found = sum(c[real] for c in counts)
    return f'{total / len(counts):.0f}', f'{100 * found / total:.0f} %'


def shape_table(results: Results, settings: Settings) -> str:
    """Dice of pseudo masks and of predicted masks with the true ones."""
    dice = results.testset.shape_dice
    weights = patient_weights(
        _patients_of_lesions(results), settings.num_resamples, settings.seed
    )
    lines = [
        '| shape | Dice of the pseudo mask | Dice of predicted masks |',
        '|---|---:|---:|',
    ]
    for shape, values in dice.items():
        means = (weights * values).sum(axis=1) / weights.sum(axis=1)
        low, high = interval(means, settings.level)
        method = {'quarter_ellipses': 'mask'}.get(shape, f'mask-{shape}')
        predicted = [
            results.records[f'{method}_missing-0_seed-{s}']['figures']['dice']
            for s in results.seeds(method, 0)
        ]
        shown = (
            f'{np.mean(predicted):.3f} ({len(predicted)} runs)'
            if predicted
            else 'not run'
        )
        name, mean = shape.replace('_', ' '), values.mean()
        lines.append(
            f'| {name} | {mean:.3f} ({low:.3f}-{high:.3f}) | {shown} |'
        )
    return '\n'.join(lines)


def _patients_of_lesions(results: Results) -> np.ndarray:
    ranked = next(iter(results.outcomes.values()))['lesion']
    return results.testset.patients[ranked.lesion_image]


def run_table(results: Results) -> str:
    """Every training: seed, time, memory, figures."""
    lines = [
        '| piece | training [s] | processor [s] | memory [GB] | test [s] '
        '| sens@1 | sens@4 | mean |',
        '|---|---:|---:|---:|---:|---:|---:|---:|',
    ]
    for piece in make_plan():
        record = results.records.get(piece.name)
        if record is None:
            lines.append(f'| {piece.name} | not run | | | | | | |')
            continue
        figures = record['figures']['lesion']
        at = dict(
            zip(figures['fp_rates'], figures['sensitivity'], strict=True)
        )
        training, memory = (
            record['training'],
            record['training'].get('peak_gb'),
        )
        lines.append(
            f'| {piece.name} | {training["wall_s"]:.0f} | '
            f'{training["cpu_s"]:.0f} | {memory or ""} | '
            f'{record["testing"]["wall_s"]:.0f} | {100 * at[1.0]:.1f} | '
            f'{100 * at[4.0]:.1f} | {100 * figures["mean"]:.1f} |'
        )
    return '\n'.join(lines)


def write_study(
    folder: Path,
    out: Path,
    settings: Settings,
    say: Callable[[str], None] = lambda text: None,
) -> None:
    """Write ``phantom-study.md`` and its plots from what was run.

    Args:
        folder: The results.
        out: The Markdown file; plots go into a folder beside it.
        settings: Of the statistics.
        say: Told what is being computed.
    """
    results = Results.load(folder)
    plots = out.with_suffix('')
    parts = [INTRODUCTION.format(settings=settings).rstrip()]
    by_missing: dict[int, dict] = {}
    for part in SECTIONS:
        say(part.title)
        found = compare_methods(
            results, part.methods, part.missing, settings, part.names
        )
        parts.append(section(part.title, part.text, found))
        if part.plot and found:
            save_figure(_curves(results, part, found), plots / part.plot)
            parts.append(f'![FROC curves]({plots.name}/{part.plot})')
        if found and part.by_missing:
            by_missing[part.missing] = found
        if found and part.detectable:
            parts.append(detectable(found))
    if by_missing:
        save_figure(missing_figure(by_missing), plots / 'missing.png')
        parts.append(f'![By missing share]({plots.name}/missing.png)')
    parts += ['## What was mined', MINED_NOTE, mining_table(results)]
    parts += ['## Masks against the true ones', shape_table(results, settings)]
    parts += ['## Every run', RUNS_NOTE, run_table(results)]
    with replacing(out) as temporary:
        temporary.write_text('\n\n'.join(parts) + '\n', encoding='utf-8')


def _curves(results: Results, part: Part, comparison: dict) -> Figure:
    once = np.ones(len(results.testset.patients))
    curves = {}
    for method in part.methods:
        runs = (
            results.runs(method, part.missing, comparison['seeds'])
            if results.seeds(method, part.missing)
            else []
        )
        if runs:
            sensitivity = np.mean(
                [run.figures(_GRID, once)[:-1] for run in runs], axis=0
            )
            name = {**NAMES, **part.names}[method]
            curves[name] = FROCCurve(_GRID, sensitivity)
    return froc_figure(curves)
