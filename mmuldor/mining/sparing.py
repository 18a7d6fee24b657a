"""Spare high-scoring examples, which may be lesions nobody annotated."""

from __future__ import annotations

from collections.abc import (
    Iterable,
    Mapping,
)

import numpy as np

from mmuldor.mining.rule import MiningRule


def sparing_threshold(
    mined: Iterable[Mapping], quantile: float | None
) -> float | None:
    """The score above which examples are spared, None for no sparing.

    A quantile of the scores of hits, not a score: with many annotations
    missing a detector learns low scores for all lesions.
    """
    scores = [image['hit_score'] for image in mined]
    hits = [score for score in scores if score is not None]
    if quantile is None or not hits:
        return None
    return float(np.quantile(hits, quantile))


def mark_spared(
    mined: dict, limit: float, rule: MiningRule, epoch: int, image_id: int
) -> None:
    """Mark what scores above the limit as spared; draw among the rest."""
    sure = [e for e in mined['examples'] if e['score'] > limit]
    rest = [e for e in mined['examples'] if e['score'] <= limit]
    scores = np.array([e['score'] for e in rest])
    drawn = [rest[i] for i in rule.draw(scores, epoch, image_id)]
    mined['examples'] = [{**e, 'spared': True} for e in sure] + drawn
