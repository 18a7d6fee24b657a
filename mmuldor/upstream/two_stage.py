"""The mask branch of a two-stage detector for given boxes.

mmdet's public ``predict_mask`` also pastes the masks into the source image,
image by image. Seen with onedl-mmdetection 3.5.1, for ``>=3.5.1,<3.6``.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmdet.models.roi_heads import CascadeRoIHead, StandardRoIHead
from torch import Tensor


def mask_predictions(
    head: StandardRoIHead | CascadeRoIHead,
    features: Sequence[Tensor],
    rois: Tensor,
) -> Tensor:
    """Predictions of the mask head for boxes.

    Args:
        head: An RoI head with a mask head.
        features: Maps (N, C, h, w), one a level.
        rois: (K, 5) ``[image index, x1, y1, x2, y2]``, px of the network's
            input.

    Returns:
        (K, classes, h, w) logits; for a cascade probabilities, the mean over
        its stages.
    """
    if not isinstance(head, CascadeRoIHead):
        return head._mask_forward(features, rois)['mask_preds']
    # mmdet averages the probabilities of the stages.
    logits = [
        head._mask_forward(stage, features, rois)['mask_preds']
        for stage in range(head.num_stages)
    ]
    return torch.stack([preds.sigmoid() for preds in logits]).mean(0)
