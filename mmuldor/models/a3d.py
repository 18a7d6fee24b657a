"""A3D: learned fusion of slices that depends on their places."""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmuldor.models.context_backbone import channels_last
from mmuldor.registry import MODELS


@MODELS.register_module()
class A3D(BaseModule):
    """Fuse all slices by a learned matrix for each channel.

    Asymmetric 3D context fusion of Yang et al. (MICCAI 2021): with slices d
    and k of D and channel c, ``y[k, c] = sum over d of P[d, k, c] x[d, c]``.
    A convolution along the slices has the same weights everywhere and sees
    zeros beyond the ends; here each slice has its own weights for each other
    slice. P starts as the identity plus noise, so ImageNet weights still see
    the slices nearly as they are. D x D weights a channel: 49 at 7 slices.

    Example:
        ``fusion=dict(type='mmuldor.A3D')`` of ``ContextBackbone``

    Args:
        channels: Channels of the maps.
        num_slices: Slices of an image, D.
        noise: The noise is uniform between minus and plus this; the authors
            take 0.1.
        init_cfg: As for mmengine's ``BaseModule``.

    Raises:
        ValueError: If ``noise`` is negative.
    """

    needs_interval = False

    def __init__(
        self,
        channels: int,
        num_slices: int,
        noise: float = 0.1,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if noise < 0:
            raise ValueError(f'`noise` must not be negative, but got {noise}.')
        self.noise = noise
        self.weight = nn.Parameter(
            torch.empty(num_slices, num_slices, channels)
        )
        self._start()

    def init_weights(self) -> None:
        """Start as the identity plus noise."""
        super().init_weights()
        self._start()

    def _start(self) -> None:
        eye = torch.eye(len(self.weight)).unsqueeze(-1)
        with torch.no_grad():
            self.weight.uniform_(-self.noise, self.noise).add_(
                eye.to(self.weight)
            )

    def forward(self, x: Tensor, interval_mm: Tensor | None = None) -> Tensor:
        """Fuse slices.

        Args:
            x: Maps of slices (N, D, C, h, w).
            interval_mm: Not used: the weights are per slice, not per mm.

        Returns:
            As ``x``.
        """
        if channels_last(x):
            moved = x.movedim(2, -1)
            fused = torch.einsum('ndhwc,dkc->nkhwc', moved, self.weight)
            return fused.contiguous().movedim(-1, 2)
        return torch.einsum('ndchw,dkc->nkchw', x, self.weight)
