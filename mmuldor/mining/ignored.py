"""Ignored examples: hard negatives left out because they may be lesions."""

from __future__ import annotations

from collections.abc import (
    Iterable,
    Mapping,
)

import numpy as np

from mmuldor.mining.rule import MiningRule


def ignore_threshold(
    mined: Iterable[Mapping], quantile: float | None
) -> float | None:
    """The score above which examples are ignored, None if none is.

    It is a quantile of the scores of hits. A fixed score would not do: where
    many annotations are missing, a detector learns low scores for all
    lesions.
    """
    scores = [image['hit_score'] for image in mined]
    hits = [score for score in scores if score is not None]
    if quantile is None or not hits:
        return None
    return float(np.quantile(hits, quantile))


def mark_ignored(
    mined: dict,
    threshold: float | None,
    rule: MiningRule,
    epoch: int,
    image_id: int,
) -> None:
    """Mark examples above the threshold as ignored; draw from the rest.

    Without a threshold none is ignored, and the draw is from all of E.
    """
    limit = np.inf if threshold is None else threshold
    high = [e for e in mined['examples'] if e['score'] > limit]
    rest = [e for e in mined['examples'] if e['score'] <= limit]
    scores = np.array([e['score'] for e in rest])
    drawn = [rest[i] for i in rule.draw(scores, epoch, image_id)]
    mined['examples'] = [{**e, 'ignored': True} for e in high] + drawn
