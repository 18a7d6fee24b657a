"""The benchmark's page: plan, then results once all folds are done."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.human_masks.page import table
from benchmarks.real_slices.evaluation import NUM_RESAMPLES
from benchmarks.real_slices.plan import ARMS, EPOCHS, FOLDS
from benchmarks.real_slices.texts import (
    COMMAND,
    NOT_RUN,
    NOTE,
    PLAN,
    RESULTS,
)

FIGURE = 'real-slices.png'
# Of the real data, whether or not they are there when the page is written.
IMAGES, LESIONS, PATIENTS = 42, 43, 14
TOTAL = len(ARMS) * FOLDS


def page(document: Mapping | None, done: int = 0) -> str:
    """The page as Markdown.

    Args:
        document: Of `evaluate`; None while folds are missing.
        done: Number of trainings that are done.
    """
    # 36 training images a fold on average, two an iteration.
    iterations = EPOCHS * round(IMAGES * (FOLDS - 1) / FOLDS / 2)
    plan = PLAN.format(
        lesions=LESIONS,
        images=IMAGES,
        patients=PATIENTS,
        folds=FOLDS,
        epochs=EPOCHS,
        iterations=f'about {iterations}',
        resamples=NUM_RESAMPLES,
        total=TOTAL,
    )
    parts = [plan, COMMAND, '## Results']
    if document is None:
        parts.append(NOT_RUN.format(done=done, total=TOTAL))
    else:
        parts += [
            RESULTS.format(**document),
            f'![FROC of the three arms]({FIGURE})',
            _rows(document),
            'Differences, in points:',
            _differences(document),
            NOTE,
        ]
    return '\n\n'.join(part.strip('\n') for part in parts) + '\n'


def _head(document: Mapping) -> list[str]:
    rates = [f'{rate:g}' for rate in document['rates']]
    return [*rates, 'mean 0.5-4']


def _cells(entry: Mapping, form: str) -> list[str]:
    low, high = entry['interval']
    return [
        f'{100 * v:{form}} ({100 * a:{form}} to {100 * b:{form}})'
        for v, a, b in zip(entry['value'], low, high, strict=True)
    ]


def _rows(document: Mapping) -> str:
    body = [
        [
            name,
            *_cells(row, '.0f'),
            f'{row["fps_at_end"]:.0f}',
            f'{row["processor_minutes"]:.0f}',
        ]
        for name, row in document['rows'].items()
    ]
    head = ['arm', *_head(document), 'FPs at the end', 'processor minutes']
    return table(head, body)


def _differences(document: Mapping) -> str:
    body = [
        [f'{row["first"]} - {row["second"]}', *_cells(row, '+.0f')]
        for row in document['differences']
    ]
    return table(['first - second', *_head(document)], body)
