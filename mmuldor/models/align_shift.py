"""AlignShift: a shift of channels along the slices by a distance in mm."""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from torch import Tensor

from mmuldor.models.context_backbone import channels_last
from mmuldor.registry import MODELS


@MODELS.register_module()
class AlignShift(BaseModule):
    """Shift a part of the channels by ``reference_mm`` along the slices.

    AlignShift of Yang et al. (MICCAI 2020). Of every ``fold`` channels, one
    takes its values from the next slice and one from the previous slice, as
    TSM (Lin et al., ICCV 2019) does for frames. Here they come from the
    position ``reference_mm`` away, interpolated between the two slices:
    ``(1 - a) * own + a * neighbour`` with ``a = reference_mm / interval``,
    at most 1. At 2 mm that is TSM's shift, at 5 mm 0.4 of it. The first and
    the last slice keep their own values where they have no neighbour.

    It has no weights, so a 2-D backbone may be taken as it is.

    Example:
        ``fusion=dict(type='mmuldor.AlignShift')`` of ``ContextBackbone``,
        with ``data_preprocessor=dict(interval_channel=True)``

    Args:
        channels: Channels of the maps.
        num_slices: Slices of an image.
        reference_mm: Distance of the shift. Slices that lie closer should be
            resampled to it (``LoadCTSlices(slice_interval_mm=2.0,
            keep_thicker=True)``): the shift is never more than one slice.
        fold: A channel in so many is shifted in each direction, at least 2.
        init_cfg: As for mmengine's ``BaseModule``.

    Raises:
        ValueError: If an argument is out of range.
    """

    needs_interval = True

    def __init__(
        self,
        channels: int,
        num_slices: int,
        reference_mm: float = 2.0,
        fold: int = 8,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if not reference_mm > 0:
            raise ValueError(
                f'`reference_mm` must be positive, but got {reference_mm}.'
            )
        if fold < 2:
            raise ValueError(f'`fold` must be at least 2, but got {fold}.')
        self.reference_mm = reference_mm
        self.shifted = channels // fold

    def forward(self, x: Tensor, interval_mm: Tensor) -> Tensor:
        """Shift channels.

        Args:
            x: Maps of slices (N, D, C, h, w).
            interval_mm: Distance of an image's slices, (N,).

        Returns:
            As ``x``. The first ``C // fold`` channels come from the next
            slices, the following ``C // fold`` from the previous ones.
        """
        if channels_last(x):
            moved = self._shift(x.movedim(2, -1), interval_mm, -1)
            return moved.movedim(-1, 2)
        return self._shift(x, interval_mm, 2)

    def _shift(self, x: Tensor, interval_mm: Tensor, dim: int) -> Tensor:
        """Shift channels, which are axis ``dim``."""
        n = self.shifted
        share = self.reference_mm / interval_mm.clamp(min=self.reference_mm)
        share = share.to(x.dtype).view(-1, 1, 1, 1, 1)
        # Not slices, whose gradients are maps of zeros around a part each.
        to_next, to_previous, own = x.split([n, n, x.shape[dim] - 2 * n], dim)
        after = torch.cat([to_next[:, 1:], to_next[:, -1:]], dim=1)
        before = torch.cat([to_previous[:, :1], to_previous[:, :-1]], dim=1)
        return torch.cat(
            [
                torch.lerp(to_next, after, share),
                torch.lerp(to_previous, before, share),
                own,
            ],
            dim,
        )
