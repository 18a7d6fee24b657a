"""The report of the replicated study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.replicates.figures import claims_figure, curves_figure
from benchmarks.replicates.plan import (
    CONFUSER_REPLICATES,
    CONFUSERS,
    LEAST_REPLICATES,
    MISSING,
    PLANNED_REPLICATES,
    REPLICATES,
    replicate,
    with_confusers,
)
from benchmarks.replicates.results import (
    Replicate,
    load_replicates,
    tail,
)
from benchmarks.replicates.tables import (
    ARM_NAMES,
    arm_table,
    claim_table,
    confuser_table,
    exploratory_table,
    tail_table,
)
from benchmarks.replicates.texts import (
    ARMS_NOTE,
    CLAIMS_NOTE,
    CONFUSERS_NOTE,
    COURSE,
    EXPLORATORY_NOTE,
    PLAN,
    UNFINISHED,
)
from benchmarks.study.outcomes import CUT_FPS
from benchmarks.study.tables import mining_table
from benchmarks.study.texts import MINED_NOTE
from mmuldor.io.json_files import replacing
from mmuldor.visualization.panels import save_figure


def write_report(
    results: Path, out: Path, replicates: int = REPLICATES
) -> None:
    """Write the Markdown report and its figures.

    Figures of an unfinished study are not shown, so that nothing but time
    can end it.

    Args:
        results: Folder with a folder a replicate.
        out: The Markdown file; figures go into a folder beside it.
        replicates: How many the study has.
    """
    plan = PLAN.format(
        replicates=PLANNED_REPLICATES,
        least=LEAST_REPLICATES,
        cut=CUT_FPS,
    )
    complete = load_replicates(results, map(replicate, range(replicates)))
    course = COURSE.format(replicates=REPLICATES, planned=PLANNED_REPLICATES)
    parts = [plan.rstrip(), course.rstrip(), '## Results']
    if len(complete) < replicates:
        done = len(list(results.glob('replicate-*/*.json')))
        parts.append(
            UNFINISHED.format(
                done=done, total=7 * replicates, complete=len(complete)
            ).rstrip()
        )
    else:
        parts += _results(complete, out.with_suffix(''))
        parts += _confusers(complete, results)
    with replacing(out) as temporary:
        temporary.write_text('\n\n'.join(parts) + '\n', encoding='utf-8')


def _results(complete: Sequence[Replicate], figures: Path) -> list[str]:
    save_figure(claims_figure(complete), figures / 'claims.png')
    parts = [
        CLAIMS_NOTE.format(count=len(complete)).rstrip(),
        claim_table(complete),
        f'![Differences of every replicate]({figures.name}/claims.png)',
        '### Every arm',
        ARMS_NOTE.format(count=len(complete)).rstrip(),
        arm_table(complete),
    ]
    for missing in (0, MISSING):
        name = f'froc-{missing}.png'
        arms = {
            ARM_NAMES[arm[0]]: arm
            for arm in complete[0].records
            if arm[1] == missing
        }
        save_figure(curves_figure(complete, arms), figures / name)
        parts += [
            f'Annotations missing: {missing} %.',
            f'![FROC curves]({figures.name}/{name})',
        ]
    parts += [
        '### Exploratory',
        EXPLORATORY_NOTE.rstrip(),
        exploratory_table(complete),
    ]
    for missing in (0, MISSING):
        parts += [
            f'#### The false-positive class, {missing} % missing',
            tail_table([tail(r, missing) for r in complete]),
        ]
    records = [record for r in complete for record in r.records.values()]
    return [*parts, '### What was mined', MINED_NOTE, mining_table(records)]


def _confusers(complete: Sequence[Replicate], results: Path) -> list[str]:
    others = {
        f'{count}': load_replicates(
            results,
            [with_confusers(count, n) for n in range(CONFUSER_REPLICATES)],
        )
        for count in CONFUSERS
    }
    parts = ['### Other numbers of confusers', CONFUSERS_NOTE.rstrip()]
    if any(len(found) < CONFUSER_REPLICATES for found in others.values()):
        return [*parts, 'Not finished yet.']
    return [*parts, confuser_table({'3 to 6': complete, **others})]
