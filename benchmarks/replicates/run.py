"""Make the data of a phantom and train its pieces."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
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
        jobs: Pieces at once. What goes on from another one waits for it.

    Raises:
        RuntimeError: If a training fails; the others end with their piece.
    """
    failed, lock = threading.Event(), threading.Lock()
    left = Counter(step.unit for step in steps)

    def run(position: int, step: Step, start: Future[None] | None) -> None:
        if start is not None:
            wait([start])
        if failed.is_set() or not go_on(position, step):
            return
        try:
            with lock:
                _make_data(step)
            _run_step(step)
        except BaseException:
            failed.set()
            raise
        with lock:
            left[step.unit] -= 1
            if not left[step.unit]:
                _clean_up(step)

    found: dict[tuple[Unit, str], Future[None]] = {}
    with ThreadPoolExecutor(jobs) as pool:
        for position, step in enumerate(_starts_first(steps)):
            start = found.get((step.unit, step.piece.start or ''))
            key = step.unit, step.piece.name
            found[key] = pool.submit(run, position, step, start)
    for future in found.values():
        future.result()


def _starts_first(steps: Sequence[Step]) -> list[Step]:
    """Phantom by phantom, what waits for another piece at the end."""
    units = list(dict.fromkeys(step.unit for step in steps))
    return sorted(
        steps, key=lambda s: (units.index(s.unit), s.piece.start is not None)
    )


def _make_data(step: Step) -> None:
    unit, places = step.unit, step.places
    make_data(
        places.root,
        places.data,
        unit.seed,
        unit.missing,
        unit.difficulty,
        unit.neighbours,
    )


def _run_step(step: Step) -> None:
    starts = {piece.name: piece for piece in step.unit.pieces}
    start = starts.get(step.piece.start or '')
    run_piece(step.piece, start, step.places)


def _clean_up(step: Step) -> None:
    """Remove a gigabyte that nothing needs once the phantom is done."""
    places = step.places
    if all(places.record(piece).is_file() for piece in step.unit.pieces):
        shutil.rmtree(places.work)
