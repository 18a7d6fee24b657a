"""Which banks an epoch of a training uses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class BankSchedule:
    """The banks of each epoch, by the epoch alone.

    A hook that mines and the workers that load images know the same schedule,
    so an epoch's number is all that must reach a worker.

    Attributes:
        folder: Of the banks.
        begin: The first epoch, from 0, after which is mined.
        accumulate: Whether an epoch uses the banks of all rounds before it,
            or the last one.
        initial: Whether there is a round before the first epoch.
    """

    folder: Path
    begin: int = 0
    accumulate: bool = False
    initial: bool = False

    @property
    def initial_bank(self) -> Path:
        """The bank of the round before the first epoch."""
        return self.folder / 'initial.json'

    def mined_after(self, epoch: int) -> Path:
        """The bank of the round after an epoch, from 0."""
        return self.folder / f'epoch_{epoch:03d}.json'

    def banks(self, epoch: int) -> list[Path]:
        """The bank files that training epoch ``epoch`` uses, from 0."""
        banks = [self.mined_after(e) for e in range(self.begin, epoch)]
        if self.initial:
            banks.insert(0, self.initial_bank)
        return banks if self.accumulate else banks[-1:]
