"""Spare high-scoring examples, which may be lesions nobody annotated."""

from __future__ import annotations

from collections.abc import (
    Iterable,
    Mapping,
)

import numpy as np

from mmuldor.functional.hard_negatives import (
    mining_rng,
    select_hard_negatives,
)
from mmuldor.mining.rule import MiningRule


def sparing_threshold(
    scans: Iterable[Mapping], quantile: float | None
) -> float | None:
    """The score above which examples are spared, None for no sparing.

    A quantile of the scores of hits, not a score: with many annotations
    missing a detector learns low scores for all lesions.
    """
    hits = [s['hit_score'] for s in scans if s['hit_score'] is not None]
    if quantile is None or not hits:
        return None
    return float(np.quantile(hits, quantile))


def mark_spared(
    scan: dict, limit: float, rule: MiningRule, epoch: int, image_id: int
) -> None:
    """Mark what scores above the limit as spared; draw among the rest."""
    sure = [e for e in scan['examples'] if e['score'] > limit]
    rest = [e for e in scan['examples'] if e['score'] <= limit]
    drawn = [rest[i] for i in draw(len(rest), rule, epoch, image_id)]
    scan['examples'] = [{**e, 'spared': True} for e in sure] + drawn


def draw(
    count: int, rule: MiningRule, epoch: int, image_id: int
) -> np.ndarray:
    """Which of so many candidates of falling score are taken."""
    return select_hard_negatives(
        np.zeros(count),
        np.zeros(count),
        min_score=-1.0,
        max_per_image=rule.max_per_image,
        # A round before the first epoch draws like the one after it.
        rng=mining_rng(rule.seed, max(epoch, 0), image_id),
    )
