"""What the replicated study trains and tests; fixed before its first piece."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.replicates.units import Unit
from benchmarks.study.plan import CONFIGS, Piece

PLANNED_REPLICATES = 12
# The least for the test; fewer are no result.
LEAST_REPLICATES = 8
# Of those planned, how many were made: see COURSE in texts.py.
REPLICATES = 8
MISSING = 50
# Seeds of phantoms and trainings that were used for nothing else.
FIRST_SEED = 1000
# Afterwards: phantoms with a fixed number of confusers in every image, where
# those of the study have 3 to 6.
CONFUSERS = (0, 10)
# Four of each were planned; see COURSE in texts.py.
CONFUSER_REPLICATES = 2
CONFUSER_SEED = 1100


@dataclass(frozen=True)
class Claim:
    """A difference of two arms, second minus first.

    Attributes:
        first: Method of the first arm.
        second: Method of the second arm.
        missing: Share of the training lesions without annotation, percent.
    """

    first: str
    second: str
    missing: int = 0


# The three that Holm's correction counts.
CLAIMS = (
    Claim('without_mask', 'mask'),
    Claim('sham', 'hnem'),
    Claim('sham', 'hnem', MISSING),
)


def replicate(number: int) -> Unit:
    """The seven trainings of a replicate.

    Args:
        number: Of the replicate, from 0.
    """
    seed = FIRST_SEED + number
    pieces = (
        *_rounds(seed, 0),
        Piece('', 'without_mask', CONFIGS['without_mask'], seed),
        *_rounds(seed, MISSING),
    )
    return Unit(f'replicate-{number:02}', seed, pieces, (MISSING,))


def with_confusers(count: int, number: int) -> Unit:
    """Mask R-CNN, sham and HNEM where every image has so many confusers.

    Args:
        count: Confusers per image.
        number: Of the replicate, from 0.
    """
    seed = CONFUSER_SEED + number
    return Unit(
        f'confusers-{count}-{number:02}',
        seed,
        _rounds(seed, 0),
        difficulty=(f'confusers_per_image={count},{count}',),
    )


def all_units() -> list[Unit]:
    """The study, then what is trained afterwards."""
    return [
        *map(replicate, range(REPLICATES)),
        *(
            with_confusers(count, number)
            for number in range(CONFUSER_REPLICATES)
            for count in CONFUSERS
        ),
    ]


def _rounds(seed: int, missing: int) -> tuple[Piece, ...]:
    """Mask R-CNN, and two epochs more from its checkpoint.

    Sham and HNEM both start optimiser and schedule again and have the second
    class. The sham has no mining, so that its bank is empty.
    """
    mask = Piece('', 'mask', CONFIGS['mask'], seed, missing)
    options = {
        'sham': ('default_hooks.hnem', 'None'),
        'hnem': ('default_hooks.hnem.seed', str(seed)),
    }
    return (
        mask,
        *(
            Piece(
                '', name, CONFIGS['hnem'], seed, missing, (option,), mask.name
            )
            for name, option in options.items()
        ),
    )
