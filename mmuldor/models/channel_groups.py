"""Groups of channels through one backbone, with fusion of their features.

The groups are neighbouring slice triplets of one window, as in 3DCE (Yan et
al., MICCAI 2018), or windows of the same slices, as in MVP-Net (Li et al.,
MICCAI 2019). ImageNet weights for three channels are used for every group.
"""

from __future__ import annotations

import torch
from mmdet.models.layers import SELayer
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmuldor.registry import MODELS


@MODELS.register_module()
class GroupedBackbone(BaseModule):
    """Run a backbone on every group of channels, with the same weights.

    Example:
        ``backbone=dict(_delete_=True, type='mmuldor.GroupedBackbone',
        backbone=_base_.model.backbone)``

    Args:
        backbone: Config of a backbone for ``group_channels`` channels.
        group_channels: Number of channels of a group.
        init_cfg: As for mmengine's ``BaseModule``.
    """

    def __init__(
        self,
        backbone: dict,
        group_channels: int = 3,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.backbone = MODELS.build(backbone)
        self.group_channels = group_channels

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Features of all groups.

        Args:
            x: Images (N, G * group_channels, H, W), float.

        Returns:
            Feature maps (N * G, C, h, w), one a level; the groups of an image
            follow each other.

        Raises:
            ValueError: If the number of channels is no multiple of
                ``group_channels``.
        """
        if x.shape[1] % self.group_channels:
            raise ValueError(
                f'the image has {x.shape[1]} channels, but GroupedBackbone '
                f'needs a multiple of `group_channels`, '
                f'{self.group_channels}: see `num_slices` of LoadCTSlices '
                'and `windows` of WindowHU.'
            )
        return self.backbone(x.reshape(-1, self.group_channels, *x.shape[2:]))


@MODELS.register_module()
class GroupFusionNeck(BaseModule):
    """Run a neck on every group and fuse its outputs, level by level.

    The fusion is a 1 x 1 convolution over the concatenated channels of all
    groups, shared by all levels. Since RoIAlign is linear, it equals 3DCE's
    fusion of pooled features. It is initialised to select one group or to
    average all, so the head of a trained model still gets the features it was
    trained on. The RPN uses the fused maps too, as in MVP-Net; 3DCE's RPN
    uses the middle triplet.

    Example:
        ``neck=dict(_delete_=True, type='mmuldor.GroupFusionNeck',
        num_groups=9, neck=_base_.model.neck)``

    Args:
        neck: Config of a neck; the fused maps have its ``out_channels``.
        num_groups: Number of groups of an image.
        start: Initial state of the fusion: 'middle' (the middle group),
            'mean' (of all groups) or the number of a group.
        attention: First weight the channels of all groups by squeeze and
            excitation, in place of MVP-Net's attention.
        init_cfg: As for mmengine's ``BaseModule``.

    Raises:
        ValueError: If ``start`` is none of these.
    """

    def __init__(
        self,
        neck: dict,
        num_groups: int,
        start: int | str = 'middle',
        attention: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        numbers = range(num_groups)
        if start == 'middle':
            start = num_groups // 2
        if start != 'mean' and start not in numbers:
            raise ValueError(
                "`start` must be 'middle', 'mean' or a group, 0 to "
                f'{num_groups - 1}, but got {start!r}.'
            )
        self.neck = MODELS.build(neck)
        self.num_groups, self.start = num_groups, start
        channels = neck['out_channels']
        stacked = num_groups * channels
        self.attention = SELayer(stacked) if attention else nn.Identity()
        self.fusion = nn.Conv2d(stacked, channels, 1)

    def init_weights(self) -> None:
        """Initialise the fusion as ``start`` says."""
        super().init_weights()
        shares = torch.zeros(self.num_groups)
        if self.start == 'mean':
            shares += 1 / self.num_groups
        else:
            shares[int(self.start)] = 1
        if not isinstance(self.attention, nn.Identity):
            # With random weights its sigmoid is near 0.5, which halves all.
            shares *= 2
        eye = torch.eye(self.fusion.out_channels)
        weight = torch.cat([share * eye for share in shares], dim=1)
        with torch.no_grad():
            self.fusion.weight.copy_(weight[..., None, None])
            if self.fusion.bias is not None:
                self.fusion.bias.zero_()

    def forward(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Fuse the groups of each image.

        Args:
            inputs: Maps of :class:`GroupedBackbone`, (N * G, C, h, w), one a
                level.

        Returns:
            Maps (N, out_channels, h, w), one a level.
        """
        return tuple(self._fuse(maps) for maps in self.neck(inputs))

    def _fuse(self, maps: Tensor) -> Tensor:
        stacked = self.num_groups * maps.shape[1]
        concatenated = maps.reshape(-1, stacked, *maps.shape[2:])
        return self.fusion(self.attention(concatenated))
