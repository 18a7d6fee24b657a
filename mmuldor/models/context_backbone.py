"""Slices as a depth axis of any 2-D backbone, fused in its layers."""

from __future__ import annotations

import re
from contextvars import ContextVar
from functools import partial

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmuldor.registry import MODELS

_OUTPUTS = ('key', 'all')
# A variable, since a detector may run on several images in several threads.
_INTERVALS: ContextVar[Tensor] = ContextVar('intervals')


@MODELS.register_module()
class ContextBackbone(BaseModule):
    """A 2-D backbone on every slice, with fusion of the slices inside it.

    Each slice goes through the backbone with the same weights, as an image of
    one channel (one a window). In front of some convolutions, the same
    channel of all slices is fused, as in A3D (Yang et al., MICCAI 2021) and
    AlignShift (Yang et al., MICCAI 2020), which replace the convolutions of a
    truncated DenseNet-121 so. The backbone keeps the names of its weights.

    Difference: these papers end with a convolution over the slices of each
    map. With ``outputs='all'`` and ``GroupFusionNeck(num_groups=num_slices)``
    the neck has it; 'key' has none, and is cheaper.

    Example:
        ``backbone=dict(_delete_=True, type='mmuldor.ContextBackbone',
        num_slices=7, fusion=dict(type='mmuldor.A3D'),
        backbone=dict(_base_.model.backbone, in_channels=1))``

    Args:
        backbone: Config of a backbone; its ``in_channels`` is the number of
            windows.
        num_slices: Slices of an image, odd; the middle one is the key slice.
        fusion: Config of the fusion, built for each of the convolutions.
        layers: Names of the convolutions, a regular expression. By default
            the first two of each layer of a DenseNet and each block of a
            ResNet; the stem, transitions and shortcuts are not fused.
        outputs: Maps of the 'key' slice, or of 'all' slices.
        init_cfg: As for mmengine's ``BaseModule``.

    Raises:
        ValueError: If an argument is out of range or no convolution is named
            so. In ``forward``: if the number of channels does not fit.
    """

    def __init__(
        self,
        backbone: dict,
        num_slices: int,
        fusion: dict,
        layers: str = r'.+\.conv[12]',
        outputs: str = 'key',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if num_slices < 1 or num_slices % 2 == 0:
            raise ValueError(
                f'`num_slices` must be odd and positive, but got {num_slices}.'
            )
        if outputs not in _OUTPUTS:
            raise ValueError(
                f'`outputs` must be one of {_OUTPUTS}, but got {outputs!r}.'
            )
        self.backbone = MODELS.build(backbone)
        self.num_slices, self.outputs = num_slices, outputs
        convs = [
            conv
            for name, conv in self.backbone.named_modules()
            if isinstance(conv, nn.Conv2d) and re.fullmatch(layers, name)
        ]
        if not convs:
            raise ValueError(
                f'`layers`, {layers!r}, must name convolutions of '
                f'{type(self.backbone).__name__}, but names none.'
            )
        self.fusions = nn.ModuleList()
        # For layers that run again in the backward pass, maybe in a thread of
        # torch's own, which does not know the variable.
        self._last: list[Tensor] = []
        for conv in convs:
            module = MODELS.build(
                dict(
                    fusion,
                    channels=conv.in_channels,
                    num_slices=num_slices,
                )
            )
            self.fusions.append(module)
            # Not a module around the convolution, which would change the
            # names of its weights.
            fuse = partial(_fuse, module, num_slices, self._last)
            conv.register_forward_pre_hook(fuse)
        self.needs_interval = any(
            getattr(module, 'needs_interval', False) for module in self.fusions
        )

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Feature maps of the key slice, or of all slices.

        Args:
            x: Images (N, windows * num_slices, H, W), float, ordered by
                window, then by slice. For a fusion that needs the distance of
                the slices, one more channel has it, see
                :class:`mmuldor.models.CTDataPreprocessor`.

        Returns:
            Maps (N, C, h, w), one a level; with ``outputs='all'`` (N *
            num_slices, C, h, w), the slices of an image following each other.
        """
        intervals = x[:, -1, 0, 0]
        if self.needs_interval:
            x = x[:, :-1]
            self._last[:] = [intervals]
        if x.shape[1] == 0 or x.shape[1] % self.num_slices:
            raise ValueError(
                f'the image has {x.shape[1]} channels of slices, but '
                'ContextBackbone needs a multiple of `num_slices`, '
                f'{self.num_slices}: see `num_slices` of LoadCTSlices'
                + (
                    ' and `interval_channel` of CTDataPreprocessor.'
                    if self.needs_interval
                    else '.'
                )
            )
        slices = x.unflatten(1, (-1, self.num_slices)).transpose(1, 2)
        token = _INTERVALS.set(intervals)
        try:
            maps = self.backbone(slices.flatten(0, 1).contiguous())
        finally:
            _INTERVALS.reset(token)
        if self.outputs == 'all':
            return tuple(maps)
        key = self.num_slices // 2
        return tuple(level[key :: self.num_slices] for level in maps)


def channels_last(maps: Tensor) -> bool:
    """Whether maps of slices lie channels last in memory.

    torch stores results of five axes in the order of the axes, unless they
    are moved: each convolution and its gradient would copy them back.

    Args:
        maps: (N, D, C, h, w).
    """
    return maps.flatten(0, 1).is_contiguous(memory_format=torch.channels_last)


def _fuse(
    fusion: nn.Module,
    num_slices: int,
    last: list[Tensor],
    conv: nn.Module,
    inputs: tuple,
) -> Tensor:
    """Fuse the slices of a convolution's input, (N * num_slices, C, h, w)."""
    slices = inputs[0].unflatten(0, (-1, num_slices))
    intervals = _INTERVALS.get(last[0] if last else None)
    return fusion(slices, intervals).flatten(0, 1)
