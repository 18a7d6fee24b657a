"""Make the data of a replicate and train its pieces."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.replicates.plan import (
    FIRST_SEED,
    MISSING,
    replicate_pieces,
)
from benchmarks.study.data import make_data
from benchmarks.study.pieces import Places, run_piece
from benchmarks.study.plan import Piece

# Evaluations that are stored of models with a false-positive class.
KINDS = ('lesion', 'cut_with_fp')


@dataclass(frozen=True)
class Step:
    """One piece of one replicate.

    Attributes:
        replicate: Number from 0.
        piece: What is trained.
        places: The folders of the replicate.
    """

    replicate: int
    piece: Piece
    places: Places


def replicate_places(
    root: Path, work: Path, results: Path, number: int
) -> Places:
    """Folders of a replicate, with the project's own training options."""
    name = f'replicate-{number:02}'
    return Places(root, work / name, results / name, {}, KINDS)


def missing_steps(
    root: Path, work: Path, results: Path, numbers: Iterable[int]
) -> list[Step]:
    """What has no result yet, replicate by replicate."""
    steps = []
    for number in numbers:
        places = replicate_places(root, work, results, number)
        steps += [
            Step(number, piece, places)
            for piece in replicate_pieces(number)
            if not places.record(piece).is_file()
        ]
    return steps


def run_steps(steps: list[Step], go_on: Callable[[int, Step], bool]) -> None:
    """Train what is missing.

    Args:
        steps: Of :func:`missing_steps`.
        go_on: Called with the position and the step before each; False ends
            the work.
    """
    for position, step in enumerate(steps):
        if not go_on(position, step):
            return
        places = step.places
        seed = FIRST_SEED + step.replicate
        make_data(places.root, places.data, seed, (MISSING,))
        plan = {p.name: p for p in replicate_pieces(step.replicate)}
        run_piece(step.piece, plan.get(step.piece.start or ''), places)
        if all(places.record(piece).is_file() for piece in plan.values()):
            # A gigabyte that nothing needs any more.
            shutil.rmtree(places.work)
