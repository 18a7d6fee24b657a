"""Normalisation of images with any number of slices and windows."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmdet.models.data_preprocessors import DetDataPreprocessor

from mmuldor.registry import MODELS


@MODELS.register_module()
class CTDataPreprocessor(DetDataPreprocessor):
    """mmdet's preprocessor for images of any number of channels.

    Channels are ordered by window, then by slice
    (:class:`mmuldor.datasets.transforms.WindowHU`). They are divided into as
    many equal groups as there are values: one value for all channels, one a
    window, or one a channel.

    Example:
        ``data_preprocessor=dict(type='mmuldor.CTDataPreprocessor',
        mean=[50.0, 90.0], std=[57.0, 80.0])`` for two windows of nine slices

    Args:
        mean: Grey values to subtract.
        std: Grey values to divide by, as many as ``mean``.
        **kwargs: As for mmdet's ``DetDataPreprocessor``.

    Raises:
        ValueError: If both differ in length or a ``std`` is not positive. In
            ``forward``: if the number of channels is no multiple of theirs.
    """

    def __init__(
        self, mean: Sequence[float], std: Sequence[float], **kwargs
    ) -> None:
        super().__init__(**kwargs)
        if not mean or len(mean) != len(std) or min(std) <= 0:
            raise ValueError(
                '`mean` and `std` must have one value for all channels, one '
                f'a window or one a channel, `std` above 0, but got {mean} '
                f'and {std}.'
            )
        for name, values in (('group_mean', mean), ('group_std', std)):
            tensor = torch.tensor(values, dtype=torch.float32)
            self.register_buffer(name, tensor, persistent=False)

    def forward(self, data: dict, training: bool = False) -> dict:
        """Normalise, then pad and stack as mmdet does.

        Args:
            data: ``inputs``, a list of (C, H, W) tensors of grey values, and
                ``data_samples``.
            training: Whether to pad masks and run batch augmentations.

        Returns:
            ``inputs`` (N, C, H, W) float32 on the model's device, and
            ``data_samples``.
        """
        inputs = [self._normalise(image) for image in data['inputs']]
        return super().forward({**data, 'inputs': inputs}, training)

    def _normalise(self, image: torch.Tensor) -> torch.Tensor:
        groups, channels = len(self.group_mean), len(image)
        if channels % groups:
            raise ValueError(
                f'the image has {channels} channels, but `mean` of '
                f'CTDataPreprocessor has {groups} values: give one, one a '
                'window of `WindowHU`, or one a channel.'
            )
        image = image.to(self.group_mean.device).float()
        parts = image.unflatten(0, (groups, channels // groups))
        mean = self.group_mean.view(-1, 1, 1, 1)
        std = self.group_std.view(-1, 1, 1, 1)
        return ((parts - mean) / std).flatten(0, 1)
