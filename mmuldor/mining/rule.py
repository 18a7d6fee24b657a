"""The rule of a mining round."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from mmuldor.functional.hard_negatives import (
    draw_negatives,
    mining_rng,
    negative_candidates,
)
from mmuldor.mining.protocols import FoundDetections


@dataclass(frozen=True)
class MiningRule:
    """ULDor's rule: what counts as a detection, and which ones are chosen.

    Another rule is a subclass with its own :meth:`candidates` or
    :meth:`draw`, registered as a task utility (``TASK_UTILS`` of
    :mod:`mmuldor.registry`); a config chooses it by
    ``default_hooks.hnem.rule=dict(type='mmuldor.X')``.

    Attributes:
        every_mask_iou: Whether :meth:`candidates` needs S2 of detections that
            score lower than the best hit; it is 0 for them otherwise, and
            their masks are not computed.
        hit_iou: S2 above this is a hit.
        min_score: Without a hit, S1 above this is a candidate.
        max_per_image: m, at most this many examples an image.
        max_iou: A box that overlaps a lesion's box by more is not eligible.
        max_iod: Nor is a box whose intersection with a lesion's box is more
            than this share of its own area; None switches this off.
        spare_quantile: A candidate that scores higher than this share of the
            annotated lesions that were hit in the round may be a lesion
            without annotation. It is left out of the hard negatives, and the
            bank marks it ``ignored``, so that its region is ignored in the
            next epoch. None (the paper) ignores none.
        score_thr: Detections below this score are discarded.
        nms_iou_thr: IoU threshold of the NMS.
        max_per_img: At most this many detections an image.
        seed: Seed of the draws, with the epoch and the image id.
    """

    hit_iou: float = 0.3
    min_score: float = 0.7
    max_per_image: int = 3
    max_iou: float = 0.3
    max_iod: float | None = None
    spare_quantile: float | None = None
    score_thr: float = 0.05
    nms_iou_thr: float = 0.5
    max_per_img: int = 100
    seed: int = 0

    every_mask_iou: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Check what would fail only after a whole pass."""
        quantile = self.spare_quantile
        if quantile is not None and not 0 < quantile < 1:
            raise ValueError(
                '`spare_quantile` must lie in (0, 1) or be None, but got '
                f'{quantile}.'
            )

    def candidates(
        self, found: FoundDetections, mask_ious: np.ndarray
    ) -> np.ndarray:
        """E, before boxes on lesions and excluded boxes are left out.

        Args:
            found: The image's n detections.
            mask_ious: (n,) S2, the best over the image's lesions.

        Returns:
            Indices into the detections, in order of descending score, int64.
        """
        return negative_candidates(
            found.scores,
            mask_ious,
            hit_iou=self.hit_iou,
            min_score=self.min_score,
        )

    def draw(
        self, scores: np.ndarray, epoch: int, image_id: int
    ) -> np.ndarray:
        """Which candidates are mined.

        Args:
            scores: (k,) S1 of the candidates, descending.
            epoch: Epoch that the round follows, -1 before training.
            image_id: The image.

        Returns:
            Indices into the candidates, ascending, int64.
        """
        # A round before the first epoch draws like the one after it.
        rng = mining_rng(self.seed, max(epoch, 0), image_id)
        return draw_negatives(len(scores), self.max_per_image, rng)

    def as_dict(self) -> dict[str, Any]:
        """The rule as a bank states it, with its name unless it is ULDor's."""
        other = type(self) is not MiningRule
        name = {'type': type(self).__name__} if other else {}
        return {**name, **asdict(self)}
