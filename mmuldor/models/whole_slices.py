"""Predictions of all detectors in px of the whole slice.

``CropToBody`` makes a crop the source image of mmdet's steps. What a detector
predicts on it leaves the detector in px of the slice, so that nothing that
uses predictions has to know of crops: metrics, results, hooks, test-time
augmentation, mmdet's own ones, too. The one step that all of mmdet's
detectors have there is ``add_pred_to_datasample``.
"""

from __future__ import annotations

from collections.abc import Sequence

from mmdet.models.detectors import BaseDetector, MaskFormer
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from mmuldor.upstream.instances import in_whole_slice


def use_whole_slices() -> None:
    """Let all detectors move their predictions, mmdet's too."""
    # MaskFormer has a step of its own.
    for kind in (BaseDetector, MaskFormer):
        kind.add_pred_to_datasample = _moving(kind.add_pred_to_datasample)


def _moving(add):
    """The step that adds predictions to samples, and moves them."""

    def add_and_move(
        detector: BaseDetector,
        data_samples: Sequence[DetDataSample],
        results_list: Sequence[InstanceData],
    ) -> Sequence[DetDataSample]:
        samples = add(detector, data_samples, results_list)
        for sample in samples:
            if 'crop_bbox' in sample and 'pred_instances' in sample:
                meta = sample.metainfo
                sample.pred_instances = in_whole_slice(
                    sample.pred_instances, meta
                )
                sample.set_metainfo(dict(ori_shape=meta['whole_shape']))
        return samples

    return add_and_move
