"""What the RoI sampler gives the box head, with trained weights."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmdet.models.detectors import TwoStageDetector
from mmdet.models.task_modules.samplers import BaseSampler, ScoreHLRSampler
from mmdet.models.utils import unpack_gt_instances
from mmdet.structures import DetDataSample
from mmengine.dataset import pseudo_collate
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmuldor.classes import is_lesion
from mmuldor.engine.detection.weights import weights_of
from mmuldor.upstream.safe_checkpoints import load_safely


@dataclass(frozen=True)
class SamplerShares:
    """What a sampler chooses among the proposals of images.

    Attributes:
        positives: Number of boxes of each image that are trained as lesions,
            (n,) int64.
        negatives: Number of the others, mined negatives too, (n,) int64.
        proposed: Whether each lesion has a proposal that the assigner takes
            for positive, (m,) bool; the lesion's own box does not count.
    """

    positives: np.ndarray
    negatives: np.ndarray
    proposed: np.ndarray

    @property
    def text(self) -> str:
        """One line: shares of the batch, and lesions that are proposed."""
        total = self.positives.sum() + self.negatives.sum()
        share = self.positives.sum() / total if total else 0.0
        images = len(self.positives)
        return (
            f'RoI sampler, with the weights of load_from, {images} images: '
            f'{self.positives.mean():.1f} positive of {total / images:.0f} '
            f'boxes an image ({share:.0%}); {self.proposed.mean():.0%} of '
            f'{len(self.proposed)} lesions have a positive proposal'
        )


def load_start(model: nn.Module, path: str | os.PathLike) -> None:
    """Load the weights that training starts from.

    Those of other shapes are left out: HNEM starts from a head of one class.
    """
    state, target = weights_of(load_safely(path)), model.state_dict()
    model.load_state_dict(
        {
            name: value
            for name, value in state.items()
            if name in target and value.shape == target[name].shape
        },
        strict=False,
    )


@torch.no_grad()
def sampler_shares(
    model: nn.Module, samples: Sequence[dict], classes: Sequence[str]
) -> SamplerShares | None:
    """Run the region proposals and the sampler of the first RoI stage.

    Args:
        model: A detector with trained weights.
        samples: Packed samples of its training data.
        classes: The names of the labels in them.

    Returns:
        None without an RPN and an RoI sampler, or without a lesion.
    """
    if not (
        isinstance(model, TwoStageDetector)
        and model.with_rpn
        # Sparse R-CNN's learned boxes are not predicted.
        and hasattr(model.rpn_head, 'predict_by_feat')
        and isinstance(_first(model.roi_head.bbox_sampler), BaseSampler)
        # PISA's sampler gives weights, too.
        and not isinstance(
            _first(model.roi_head.bbox_sampler), ScoreHLRSampler
        )
    ):
        return None
    was_training = model.training
    model.eval()
    try:
        found = [_sample(model, sample, classes) for sample in samples]
    finally:
        model.train(was_training)
    positives, negatives, proposed = zip(*found, strict=True)
    together = np.concatenate(proposed)
    if not len(together):
        return None
    return SamplerShares(np.array(positives), np.array(negatives), together)


def _sample(
    model: TwoStageDetector, sample: dict, classes: Sequence[str]
) -> tuple[int, int, np.ndarray]:
    """Positives, negatives and proposed lesions of one image."""
    batch = model.data_preprocessor(pseudo_collate([sample]), training=True)
    data: list[DetDataSample] = batch['data_samples']
    features = model.extract_feat(batch['inputs'])
    proposals = _proposals(model, features, data)
    (targets,), (ignored,), _ = unpack_gt_instances(data)
    # Others are mined negatives.
    lesions = np.array(
        [is_lesion(label, classes) for label in targets.labels.tolist()],
        dtype=bool,
    )
    head = model.roi_head
    assigner, sampler = _first(head.bbox_assigner), _first(head.bbox_sampler)
    assigned = assigner.assign(proposals, targets, ignored)
    matched = assigned.gt_inds[assigned.gt_inds > 0] - 1
    proposed = np.isin(np.arange(len(targets)), matched.cpu().numpy())
    chosen = sampler.sample(
        assigned, proposals, targets, feats=[part[:1] for part in features]
    )
    positives = int(lesions[chosen.pos_assigned_gt_inds.cpu().numpy()].sum())
    boxes = len(chosen.pos_inds) + len(chosen.neg_inds)
    return positives, boxes - positives, proposed[lesions]


def _proposals(
    model: TwoStageDetector,
    features: Sequence[Tensor],
    data: Sequence[DetDataSample],
) -> InstanceData:
    """The proposals that training uses, with their boxes as ``priors``."""
    config = model.train_cfg.get('rpn_proposal', model.test_cfg.rpn)
    (found,) = model.rpn_head.predict_by_feat(
        *model.rpn_head(features),
        batch_img_metas=[one.metainfo for one in data],
        cfg=config,
        rescale=False,
    )
    found.priors = found.pop('bboxes')
    return found


def _first(stages: Any) -> Any:
    """Of a cascade, the first stage's."""
    return stages[0] if isinstance(stages, list) else stages
