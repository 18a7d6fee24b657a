"""What the replicated study trains and tests; fixed before its first piece."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.study.plan import CONFIGS, Piece

REPLICATES = 12
# The least for the test; fewer are no result.
LEAST_REPLICATES = 8
MISSING = 50
# Seeds of phantoms and trainings that were used for nothing else.
FIRST_SEED = 1000


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


def replicate_pieces(number: int) -> list[Piece]:
    """The seven trainings of a replicate, starts before what needs them.

    Args:
        number: Of the replicate, from 0.
    """
    seed = FIRST_SEED + number
    pieces = [_mask(seed, 0), *_rounds(seed, 0)]
    pieces.append(Piece('', 'without_mask', CONFIGS['without_mask'], seed))
    return [*pieces, _mask(seed, MISSING), *_rounds(seed, MISSING)]


def _mask(seed: int, missing: int) -> Piece:
    return Piece('', 'mask', CONFIGS['mask'], seed, missing)


def _rounds(seed: int, missing: int) -> list[Piece]:
    """Sham and HNEM: two epochs more from the same checkpoint.

    Both start optimiser and schedule again and have the second class. The
    sham has no mining, so that its bank is empty.
    """
    start = _mask(seed, missing).name
    options = {
        'sham': ('default_hooks.hnem', 'None'),
        'hnem': ('default_hooks.hnem.seed', str(seed)),
    }
    return [
        Piece('', name, CONFIGS['hnem'], seed, missing, (option,), start)
        for name, option in options.items()
    ]
