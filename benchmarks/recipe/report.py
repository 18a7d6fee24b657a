"""The report on the recipe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.recipe.figure import gains_figure
from benchmarks.recipe.plan import (
    BLOCKS,
    COMBINATIONS,
    CONFIRMATION,
    DEVELOPMENT,
    PAPER,
    RECIPE,
    TIMES,
    confirmation,
    development,
)
from benchmarks.recipe.tables import block_table, confirmation_table, seconds
from benchmarks.recipe.texts import (
    BLOCKS_NOTE,
    CURVES,
    NO_RECIPE,
    PICTURE,
    PLAN,
    UNFINISHED,
)
from benchmarks.recipe.texts import CONFIRMATION as CONFIRMED
from benchmarks.replicates.figures import curves_figure
from benchmarks.replicates.results import (
    Replicate,
    load_replicate,
    load_replicates,
)
from benchmarks.tables import between
from mmuldor.io.json_files import read_json, replacing
from mmuldor.visualization.panels import save_figure

# Marks of the part of a README that has the same tables.
MARKS = (
    '<!-- recipe: python benchmarks/recipe_study.py --write -->',
    '<!-- end of recipe -->',
)
_ARMS = (*BLOCKS, *COMBINATIONS)


def write_report(results: Path, out: Path, readme: Path | None = None) -> None:
    """Write the Markdown report and its figures.

    PNGs of the same name, and with ``-froc`` for the confirmation's curves.

    Args:
        results: Folder with a folder a phantom; the file that `times.py`
            writes lies beside it.
        out: The Markdown file.
        readme: A file whose part between `MARKS` gets the same tables.
    """
    plan = PLAN.format(development=DEVELOPMENT, confirmation=CONFIRMATION)
    done = [
        load_replicate(results, development(n)) for n in range(DEVELOPMENT)
    ]
    figure = out.with_suffix('.png')
    save_figure(gains_figure(done, _ARMS), figure)
    picture = f'{PICTURE.rstrip()}\n\n![Gain of each arm]({figure.name})'
    complete = _confirmed_phantoms(results)
    blocks = block_table(done, _ARMS, _times(results.parent / f'{TIMES}.json'))
    tables = [blocks, *_confirmation(complete)]
    parts = [plan.rstrip(), BLOCKS_NOTE.rstrip(), picture, *tables]
    if RECIPE is not None and len(complete) == CONFIRMATION:
        curves = out.with_name(f'{out.stem}-froc.png')
        arms = {
            f'recipe: {RECIPE}': (RECIPE, 0),
            f"paper's system: {PAPER}": (PAPER, 0),
        }
        save_figure(curves_figure(complete, arms), curves)
        parts.append(CURVES.format(figure=curves.name).rstrip())
    _write(out, '\n\n'.join(parts) + '\n')
    if readme is not None:
        inside = '\n\n'.join([BLOCKS_NOTE.rstrip(), *tables])
        old = readme.read_text(encoding='utf-8')
        _write(readme, between(old, inside, MARKS, str(readme)))


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding='utf-8')


def _times(path: Path) -> dict[str, float]:
    """Each arm's training time over the baseline's; empty where not run."""
    if not path.is_file():
        return {}
    return {row['name']: row['value'] for row in read_json(path)['rows']}


def _confirmed_phantoms(results: Path) -> list[Replicate]:
    """The phantoms of the confirmation that are done."""
    if RECIPE is None:
        return []
    units = [confirmation(n, RECIPE) for n in range(CONFIRMATION)]
    return load_replicates(results, units)


def _confirmation(complete: Sequence[Replicate]) -> list[str]:
    """The section on the confirmation."""
    if RECIPE is None:
        return [NO_RECIPE.rstrip()]
    count = len(complete)
    if count < CONFIRMATION:
        text = UNFINISHED.format(recipe=RECIPE, done=count, total=CONFIRMATION)
        return [text.rstrip()]
    ratios = [seconds(r, RECIPE) / seconds(r, PAPER) for r in complete]
    text = CONFIRMED.format(
        recipe=RECIPE, count=count, ratio=np.mean(ratios), most=max(ratios)
    )
    return [text.rstrip(), confirmation_table(complete, RECIPE)]
