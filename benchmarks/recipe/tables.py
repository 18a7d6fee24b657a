"""Tables of the search for a recipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.recipe.plan import BASELINE, PAPER
from benchmarks.replicates.results import Replicate
from benchmarks.replicates.tables import points
from benchmarks.study.plan import START_EPOCH
from mmuldor.evaluation.comparison.inference import paired_t
from mmuldor.evaluation.comparison.sentences import p_text

_BASE = (BASELINE, 0)
# Epochs of the baseline's whole training.
_EPOCHS = 5


def block_table(
    replicates: Sequence[Replicate],
    arms: Iterable[str],
    times: Mapping[str, float],
) -> str:
    """Each arm against the baseline of the same phantom.

    Args:
        replicates: What is done of the phantoms for development.
        arms: Names, in the order of the rows.
        times: Of each arm's training, as a multiple of the baseline's.
    """
    lines = [
        '| arm | phantoms | sensitivity [%] | difference [points] '
        '| 95 % interval | time of the training | memory [GB] '
        '| on a GPU [GB] |',
        '|---|---:|---:|---:|---|---:|---:|---:|',
    ]
    for name in (BASELINE, PAPER, *arms):
        both = [
            r for r in replicates if {(name, 0), _BASE} <= r.records.keys()
        ]
        lines.append(f'| {name} | {_block_cells(both, name, times)} |')
    with_tta = [r for r in replicates if _BASE in r.records]
    lines.append(f'| {BASELINE}, `--tta` | {_tta_cells(with_tta)} |')
    return '\n'.join(lines)


def _block_cells(
    both: Sequence[Replicate], name: str, times: Mapping[str, float]
) -> str:
    if not both:
        return '0 | not run | | | | | '
    means = np.array([r.mean((name, 0)) for r in both])
    base = np.array([r.mean(_BASE) for r in both])
    gain = _gain_cells(means, base, name == BASELINE)
    return f'{gain} | {_cost_cells(both, name, times)}'


def _cost_cells(
    both: Sequence[Replicate], name: str, times: Mapping[str, float]
) -> str:
    """Time and memory on a CPU, memory on a GPU; blank where not run."""
    arm = (name, 0)
    on_cpu = [
        r
        for r in both
        if not any(_gpu(r.records[key]) for key in (arm, _BASE))
    ]
    trainings = [r.records[arm]['training'] for r in both]
    gpu = [t['gpu_gb'] for t in trainings if 'gpu_gb' in t]
    time = times.get(name)
    if name == PAPER and on_cpu:
        # With its mining, which no iteration contains.
        ratios = [seconds(r, name) / seconds(r, BASELINE) for r in on_cpu]
        time = float(np.mean(ratios))
    host = [r.records[arm]['training']['peak_gb'] for r in on_cpu]
    cells = (
        '' if time is None else f'{time:.1f}',
        f'{max(host):.2f}' if host else '',
        f'{max(gpu):.2f}' if gpu else '',
    )
    return ' | '.join(cells)


def _gpu(record: Mapping[str, Any]) -> str | None:
    """The GPU that trained a piece."""
    return record.get('machine', {}).get('gpu')


def _tta_cells(both: Sequence[Replicate]) -> str:
    if not both:
        return '0 | not run | | | | | '
    means = np.array([r.mean(_BASE, 'tta') for r in both])
    base = np.array([r.mean(_BASE) for r in both])
    return f'{_gain_cells(means, base, False)} | 1.0 | | '


def _gain_cells(means: np.ndarray, base: np.ndarray, is_base: bool) -> str:
    first = f'{len(means)} | {100 * means.mean():.1f}'
    if is_base:
        return f'{first} | | '
    if len(means) == 1:
        return f'{first} | {100 * (means - base)[0]:+.1f} | one phantom'
    return f'{first} | {points(paired_t(means - base))}'


def seconds(replicate: Replicate, name: str) -> float:
    """CPU time of the training of an arm.

    HNEM's contains the three of five epochs of Mask R-CNN that it starts
    from.
    """
    spent = float(replicate.records[name, 0]['training']['cpu_s'])
    if name != PAPER:
        return spent
    start = replicate.records[_BASE]
    epochs = int(start['options'].get('train_cfg.max_epochs', _EPOCHS))
    return spent + START_EPOCH / epochs * start['training']['cpu_s']


def confirmation_table(replicates: Sequence[Replicate], recipe: str) -> str:
    """The recipe against the paper's system, and both with augmentation."""
    lines = [
        "| | paper's system [%] | recipe [%] | difference [points] "
        '| 95 % interval | p |',
        '|---|---:|---:|---:|---|---:|',
    ]
    for kind, words in (('lesion', 'alone'), ('tta', 'both with `--tta`')):
        paper, new = (
            np.array([r.mean((name, 0), kind) for r in replicates])
            for name in (PAPER, recipe)
        )
        estimate = paired_t(new - paper)
        p_value = (
            p_text(float(estimate.p_value))
            if kind == 'lesion'
            else 'not tested'
        )
        lines.append(
            f'| {words} | {100 * paper.mean():.1f} | {100 * new.mean():.1f} '
            f'| {points(estimate)} | {p_value} |'
        )
    return '\n'.join(lines)
