"""DenseNet, whole or truncated, as a backbone."""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from mmuldor.registry import MODELS
from mmuldor.upstream.layers import NORMS

# Width of a 1 x 1 convolution in multiples of the growth rate (`bn_size`).
_BOTTLENECK = 4
# `norm.1.weight` in files of 2017, also in torchvision's own, for `norm1`.
_OLD_NAME = re.compile(r'(denselayer\d+\.(?:norm|conv))\.([12]\.)')


@MODELS.register_module()
class DenseNet(BaseModule):
    """Dense blocks with transitions between them; one map a block.

    DenseNet-BC of Huang et al. (CVPR 2017): a layer computes ``growth_rate``
    new channels, by a 1 x 1 and a 3 x 3 convolution, from the channels of all
    layers before it in its block; a transition halves channels and sides. The
    defaults are DenseNet-121 without its fourth block and the transition to
    it, the backbone of MULAN (Yan et al., MICCAI 2019), AlignShift (Yang et
    al., MICCAI 2020) and A3D (Yang et al., MICCAI 2021). As there, the maps
    are those of the blocks, before the norm and ReLU of the transition.

    Parameters have torchvision's names, so its ImageNet weights can be loaded,
    also files with the older names ``norm.1``. What a truncated network lacks
    is left out.

    Example:
        ``backbone=dict(_delete_=True, type='mmuldor.DenseNet'),
        neck=dict(in_channels=[256, 512, 1024])``

    Args:
        block_layers: Layers of each block; (6, 12, 24, 16) is the whole
            DenseNet-121.
        growth_rate: Channels that a layer adds.
        stem_channels: Channels of the first convolution.
        in_channels: Channels of the images; ``mmuldor.InflatedInit`` loads
            weights for three into any number.
        frozen_stages: Parts that do not learn: 0 the first convolution, 1
            also the first block and its transition, and so on; -1 none.
        norm_eval: Whether BatchNorm keeps its running statistics in training.
        norm_cfg: Config of the norm layers.
        with_cp: Compute the inputs of the 3 x 3 convolutions again in the
            backward pass, which saves memory (Pleiss et al., 2017). BatchNorm
            that learns its statistics then counts them twice.
        init_cfg: As for mmengine's ``BaseModule``. None: random weights.

    Attributes:
        out_channels: Channels of each map, [256, 512, 1024] by default.
        strides: Strides of the maps in input pixels, [4, 8, 16] by default.

    Raises:
        ValueError: If ``frozen_stages`` is out of range.
    """

    def __init__(
        self,
        block_layers: Sequence[int] = (6, 12, 24),
        growth_rate: int = 32,
        stem_channels: int = 64,
        in_channels: int = 3,
        frozen_stages: int = -1,
        norm_eval: bool = False,
        norm_cfg: dict | None = None,
        with_cp: bool = False,
        init_cfg: dict | Sequence[dict] | None = None,
    ) -> None:
        super().__init__(
            init_cfg
            or [
                dict(type='Kaiming', layer='Conv2d'),
                dict(
                    type='Constant', val=1, layer=['_BatchNorm', 'GroupNorm']
                ),
            ]
        )
        count = len(block_layers)
        if not -1 <= frozen_stages <= count:
            raise ValueError(
                f'`frozen_stages` must be -1 to {count}, the number of '
                f'blocks, but got {frozen_stages}.'
            )
        self.frozen_stages, self.norm_eval = frozen_stages, norm_eval
        norm_cfg = norm_cfg or dict(type='BN')
        self.features = nn.ModuleDict(
            dict(
                conv0=nn.Conv2d(
                    in_channels, stem_channels, 7, 2, padding=3, bias=False
                ),
                norm0=_norm(norm_cfg, stem_channels),
                relu0=nn.ReLU(inplace=True),
                pool0=nn.MaxPool2d(3, 2, padding=1),
            )
        )
        channels = stem_channels
        self.out_channels: list[int] = []
        for number, layers in enumerate(block_layers, start=1):
            block = _Block(layers, channels, growth_rate, norm_cfg, with_cp)
            self.features[f'denseblock{number}'] = block
            channels += layers * growth_rate
            self.out_channels.append(channels)
            if number < count:
                transition = _Transition(channels, norm_cfg)
                self.features[f'transition{number}'] = transition
                channels //= 2
        self.strides = [4 * 2**n for n in range(count)]
        self.register_load_state_dict_pre_hook(_with_new_names)
        self._freeze()

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Feature maps of the blocks.

        Args:
            x: Images (N, in_channels, H, W), float.

        Returns:
            Maps (N, out_channels[i], H / strides[i], W / strides[i]).
        """
        maps = []
        for name, part in self.features.items():
            x = part(x)
            if name.startswith('denseblock'):
                maps.append(x)
        return tuple(maps)

    def train(self, mode: bool = True) -> DenseNet:
        """Set the mode, but keep frozen parts and norms as they are."""
        super().train(mode)
        self._freeze()
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, NORMS):
                    module.eval()
        return self

    def _freeze(self) -> None:
        for name, part in self.features.items():
            # `conv0` is part 0, `denseblock1` and `transition1` part 1.
            if int(name[-1]) <= self.frozen_stages:
                part.eval()
                part.requires_grad_(False)


class _Block(nn.ModuleDict):
    """Layers ``denselayer1`` and on, each fed with all maps before it."""

    def __init__(
        self,
        layers: int,
        channels: int,
        growth_rate: int,
        norm_cfg: dict,
        with_cp: bool,
    ) -> None:
        super().__init__()
        for n in range(layers):
            self[f'denselayer{n + 1}'] = _Layer(
                channels + n * growth_rate, growth_rate, norm_cfg, with_cp
            )

    def forward(self, x: Tensor) -> Tensor:
        maps = [x]
        for layer in self.values():
            maps.append(layer(maps))
        return torch.cat(maps, dim=1)


class _Layer(nn.Module):
    def __init__(
        self, channels: int, growth_rate: int, norm_cfg: dict, with_cp: bool
    ) -> None:
        super().__init__()
        width = _BOTTLENECK * growth_rate
        self.norm1 = _norm(norm_cfg, channels)
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.norm2 = _norm(norm_cfg, width)
        self.conv2 = nn.Conv2d(width, growth_rate, 3, padding=1, bias=False)
        self.relu = nn.ReLU(inplace=True)
        self.with_cp = with_cp

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        if self.with_cp and self.training and torch.is_grad_enabled():
            narrow = checkpoint(self._narrow, *maps, use_reentrant=False)
        else:
            narrow = self._narrow(*maps)
        return self.conv2(self.relu(self.norm2(narrow)))

    def _narrow(self, *maps: Tensor) -> Tensor:
        return self.conv1(self.relu(self.norm1(torch.cat(maps, dim=1))))


class _Transition(nn.Sequential):
    def __init__(self, channels: int, norm_cfg: dict) -> None:
        super().__init__()
        self.norm = _norm(norm_cfg, channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.pool = nn.AvgPool2d(2)


def _norm(norm_cfg: dict, channels: int) -> nn.Module:
    return build_norm_layer(norm_cfg, channels)[1]


def _with_new_names(
    module: nn.Module, state: dict, prefix: str, *_: object
) -> None:
    """Rename old keys of a checkpoint, in place."""
    for name in [key for key in state if key.startswith(prefix)]:
        renamed = _OLD_NAME.sub(r'\1\2', name)
        if renamed != name:
            state[renamed] = state.pop(name)
