"""Validation that computes the features of each image once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmdet.engine.hooks import DetVisualizationHook
from mmdet.models.detectors import BaseDetector
from mmdet.structures import DetDataSample
from mmengine.runner import ValLoop
from mmengine.runner.amp import autocast
from torch import Tensor

from mmuldor.engine.detection.detections import detect, masks_can_wait
from mmuldor.engine.detection.heads import unwrapped
from mmuldor.engine.detection.one_pass import features_known
from mmuldor.registry import LOOPS

# Gets the detector, the preprocessed batch and its feature maps.
FeatureUser = Callable[[BaseDetector, dict, Sequence[Tensor]], None]


@LOOPS.register_module()
class DetectionValLoop(ValLoop):
    """MMEngine's loop with shared features, and masks only if needed.

    The features of a batch are used for its detections and by the functions
    in :attr:`users`, for example that of ``ValLossHook``. Masks are predicted
    only if a metric or hook needs them, which FROC does not. Metrics get masks
    unless they have ``needs_masks = False``.

    Example:
        ``val_cfg = dict(type='mmuldor.DetectionValLoop')``

    Args:
        *args: As for MMEngine's ``ValLoop``.
        **kwargs: As for MMEngine's ``ValLoop``.

    Attributes:
        users: Functions that are called with each batch after its detection.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.users: list[FeatureUser] = []

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: dict) -> None:
        """Detect on a batch, then call :attr:`users` with its features."""
        hook_args = dict(batch_idx=idx, data_batch=data_batch)
        self.runner.call_hook('before_val_iter', **hook_args)
        with autocast(enabled=self.fp16):
            outputs = self._outputs(data_batch)
        self.evaluator.process(data_samples=outputs, data_batch=data_batch)
        self.runner.call_hook('after_val_iter', outputs=outputs, **hook_args)

    def _outputs(self, data_batch: dict) -> list[DetDataSample]:
        model: Any = unwrapped(self.runner.model)
        data = model.data_preprocessor(data_batch, False)
        features = model.extract_feat(data['inputs'])
        with features_known(model, features):
            outputs = predict(model, data, features, self._needs_masks())
            for user in self.users:
                user(model, data, features)
        return outputs

    def _needs_masks(self) -> bool:
        return any(
            getattr(metric, 'needs_masks', True)
            for metric in self.evaluator.metrics
        ) or any(
            getattr(hook, 'needs_masks', False)
            or (isinstance(hook, DetVisualizationHook) and hook.draw)
            for hook in self.runner.hooks
        )


def predict(
    model: BaseDetector,
    data: dict,
    features: Sequence[Tensor],
    masks: bool,
) -> list[DetDataSample]:
    """Detections of a batch, in px of the source images.

    Args:
        model: An mmdet detector in evaluation mode.
        data: ``inputs`` and ``data_samples``, preprocessed.
        features: Maps (N, C, h, w) of the batch, one a level.
        masks: Whether masks are needed. Some models always predict them.
    """
    if masks or not masks_can_wait(model):
        return model.predict(data['inputs'], data['data_samples'])
    detections = detect(model, data, features=features).rescaled()
    return model.add_pred_to_datasample(data['data_samples'], detections)
