"""The rule of a mining round."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MiningRule:
    """What counts as a detection, and which ones are chosen.

    Attributes:
        hit_iou: S2 above this is a hit.
        min_score: Without a hit, S1 above this is a candidate.
        max_per_image: m, at most this many examples an image.
        max_iou: A box that overlaps a lesion's box by more is not eligible.
        max_iod: Nor is one of which more than this lies on a lesion's box;
            None switches this off.
        spare_quantile: What scores higher than this share of the annotated
            lesions that were hit in the round is too sure for a mistake and
            may be a lesion that nobody annotated: it is not mined, and the
            bank marks it ``spared``, which makes it an ignored region of the
            next epoch. None (the paper) spares none.
        score_thr: Detections below this score do not exist.
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

    def __post_init__(self) -> None:
        """Check what would fail only after a whole pass."""
        quantile = self.spare_quantile
        if quantile is not None and not 0 < quantile < 1:
            raise ValueError(
                '`spare_quantile` must lie in (0, 1) or be None, but got '
                f'{quantile}.'
            )
