"""Normalisation of images with any number of slices and windows."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmdet.structures import DetDataSample

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
        interval_channel: Whether a last channel has the distance of an
            image's slices in mm everywhere, for ``AlignShift``: the meta key
            ``loaded_interval_mm``, which ``LoadCTSlices`` adds.
        **kwargs: As for mmdet's ``DetDataPreprocessor``.

    Raises:
        ValueError: If both differ in length or a ``std`` is not positive. In
            ``forward``: if the number of channels is no multiple of theirs,
            or the distance of the slices is not known.
    """

    def __init__(
        self,
        mean: Sequence[float],
        std: Sequence[float],
        interval_channel: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.interval_channel = interval_channel
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
            ``inputs`` (N, C or C + 1, H, W) float32 on the model's device, and
            ``data_samples``.
        """
        inputs = [self._normalise(image) for image in data['inputs']]
        found = super().forward({**data, 'inputs': inputs}, training)
        if self.interval_channel:
            # A channel, since all steps hand on images, and not all of them
            # hand on their meta data.
            x = found['inputs']
            intervals = x.new_tensor(_intervals(found['data_samples']))
            plane = intervals.view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:])
            found['inputs'] = torch.cat([x, plane], dim=1)
        return found

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


def _intervals(samples: Sequence[DetDataSample] | None) -> list[float]:
    """Distances of the slices of images in mm."""
    intervals = []
    for sample in samples or [DetDataSample()]:
        interval = sample.get('loaded_interval_mm')
        if interval is None:
            raise ValueError(
                'CTDataPreprocessor with `interval_channel` needs '
                "'loaded_interval_mm' of each image, but got none. Name it in "
                '`meta_keys` of PackDetInputs, and load the image with '
                'LoadCTSlices.'
            )
        intervals.append(float(interval))
    return intervals
