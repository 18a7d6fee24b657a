"""The report on the recipe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.recipe.plan import (
    BLOCKS,
    COMBINATIONS,
    CONFIRMATION,
    DEVELOPMENT,
    PAPER,
    RECIPE,
    confirmation,
    development,
)
from benchmarks.recipe.tables import block_table, confirmation_table, seconds
from benchmarks.recipe.texts import (
    BLOCKS_NOTE,
    NO_RECIPE,
    PLAN,
    UNFINISHED,
)
from benchmarks.recipe.texts import CONFIRMATION as CONFIRMED
from benchmarks.replicates.results import (
    Replicate,
    load_replicate,
    load_replicates,
)
from mmuldor.io.json_files import replacing


def write_report(results: Path, out: Path) -> None:
    """Write the Markdown report.

    Args:
        results: Folder with a folder a phantom.
        out: The Markdown file.
    """
    plan = PLAN.format(development=DEVELOPMENT, confirmation=CONFIRMATION)
    done = [
        load_replicate(results, development(n)) for n in range(DEVELOPMENT)
    ]
    parts = [
        plan.rstrip(),
        BLOCKS_NOTE.rstrip(),
        block_table(done, [*BLOCKS, *COMBINATIONS]),
    ]
    if RECIPE is None:
        parts.append(NO_RECIPE.rstrip())
    else:
        units = [confirmation(n, RECIPE) for n in range(CONFIRMATION)]
        parts += _confirmation(load_replicates(results, units), RECIPE)
    with replacing(out) as temporary:
        temporary.write_text('\n\n'.join(parts) + '\n', encoding='utf-8')


def _confirmation(complete: Sequence[Replicate], recipe: str) -> list[str]:
    count = len(complete)
    if count < CONFIRMATION:
        text = UNFINISHED.format(recipe=recipe, done=count, total=CONFIRMATION)
        return [text.rstrip()]
    ratios = [seconds(r, recipe) / seconds(r, PAPER) for r in complete]
    text = CONFIRMED.format(
        recipe=recipe, count=count, ratio=np.mean(ratios), most=max(ratios)
    )
    return [text.rstrip(), confirmation_table(complete, recipe)]
