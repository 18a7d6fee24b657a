"""A phantom of its own with the trainings on it."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.study.plan import Piece


@dataclass(frozen=True)
class Unit:
    """A phantom and what is trained on it.

    Attributes:
        name: Folder of its data and of its results.
        seed: Of the phantom.
        pieces: The trainings, starts before what needs them.
        missing: Percentages of lesions without annotation that they need.
        difficulty: Knobs of the phantom, ``NAME=VALUE``.
        neighbours: Slices on either side of each key slice.
    """

    name: str
    seed: int
    pieces: tuple[Piece, ...]
    missing: tuple[int, ...] = ()
    difficulty: tuple[str, ...] = ()
    neighbours: int = 1
