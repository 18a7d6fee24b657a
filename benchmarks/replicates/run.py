"""Make the data of a phantom and train its pieces."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from benchmarks.replicates.units import Unit
from benchmarks.study.data import make_data
from benchmarks.study.pieces import Places, run_piece
from benchmarks.study.plan import Piece

# Evaluations that are stored of models with a false-positive class.
KINDS = ('lesion', 'cut_with_fp')


@dataclass(frozen=True)
class Step:
    """One piece of one phantom.

    Attributes:
        unit: The phantom.
        piece: What is trained.
        places: The folders of the phantom.
    """

    unit: Unit
    piece: Piece
    places: Places


def unit_places(root: Path, work: Path, results: Path, unit: Unit) -> Places:
    """Folders of a phantom, with the project's own training options."""
    return Places(root, work / unit.name, results / unit.name, {}, KINDS)


def missing_steps(
    root: Path, work: Path, results: Path, units: Iterable[Unit]
) -> list[Step]:
    """What has no result yet, phantom by phantom."""
    steps = []
    for unit in units:
        places = unit_places(root, work, results, unit)
        steps += [
            Step(unit, piece, places)
            for piece in unit.pieces
            if not places.record(piece).is_file()
        ]
    return steps


def run_steps(
    steps: Sequence[Step],
    go_on: Callable[[int, Step], bool],
    jobs: int = 1,
) -> None:
    """Train what is missing.

    Args:
        steps: Of :func:`missing_steps`.
        go_on: Called with the position and the step before each; False ends
            the work.
        jobs: Phantoms at once.

    Raises:
        RuntimeError: If a training fails; the others end with their piece.
    """
    failed = threading.Event()

    def run_unit(numbered: list[tuple[int, Step]]) -> None:
        for position, step in numbered:
            if failed.is_set() or not go_on(position, step):
                return
            try:
                _run_step(step)
            except BaseException:
                failed.set()
                raise

    units = groupby(enumerate(steps), key=lambda pair: pair[1].unit)
    with ThreadPoolExecutor(jobs) as pool:
        found = [pool.submit(run_unit, list(group)) for _, group in units]
    for future in found:
        future.result()


def _run_step(step: Step) -> None:
    unit, places = step.unit, step.places
    make_data(
        places.root,
        places.data,
        unit.seed,
        unit.missing,
        unit.difficulty,
        unit.neighbours,
    )
    starts = {piece.name: piece for piece in unit.pieces}
    run_piece(step.piece, starts.get(step.piece.start or ''), places)
    if all(places.record(piece).is_file() for piece in unit.pieces):
        # A gigabyte that nothing needs any more.
        shutil.rmtree(places.work)
