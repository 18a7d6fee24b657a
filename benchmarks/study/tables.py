"""Tables of the report besides those of the comparisons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from benchmarks.study.plan import make_plan
from benchmarks.study.results import NAMES, Results
from mmuldor.evaluation.comparison.compare import Settings
from mmuldor.evaluation.comparison.resampling import interval, patient_weights


def mining_table(records: Iterable[Mapping]) -> str:
    """Mined examples of trainings, and the fraction that are lesions."""
    lines = [
        '| method | annotations missing | round | mined | of them lesions '
        '| spared | of them lesions |',
        '|---|---:|---|---:|---:|---:|---:|',
    ]
    groups: dict[tuple, list[dict]] = {}
    for record in records:
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
    """Examples a run, and the fraction of them that `real` counts."""
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
    """Every training: seed, time, memory, results."""
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
