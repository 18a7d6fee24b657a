"""The report of the replicated study."""

from __future__ import annotations

from pathlib import Path

from benchmarks.replicates.plan import LEAST_REPLICATES, REPLICATES
from benchmarks.replicates.texts import PLAN
from benchmarks.study.outcomes import CUT_FPS
from mmuldor.io.json_files import replacing


def write_report(results: Path, out: Path) -> None:
    """Write the Markdown report of what is there.

    Args:
        results: Folder with a folder a replicate.
        out: The Markdown file.
    """
    done = len(list(results.glob('replicate-*/*.json')))
    plan = PLAN.format(
        replicates=REPLICATES, least=LEAST_REPLICATES, cut=CUT_FPS
    )
    progress = f'{done} of {7 * REPLICATES} trainings are done.'
    with replacing(out) as temporary:
        text = f'{plan}\n## Results\n\n{progress}\n'
        temporary.write_text(text, encoding='utf-8')
