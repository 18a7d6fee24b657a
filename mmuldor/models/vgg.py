"""VGG-16 without its fully connected layers, as a backbone."""

from __future__ import annotations

from collections.abc import Sequence

from mmcv.cnn import VGG
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmuldor.registry import MODELS

# Index of the pooling after conv4_3 in torchvision's `features`.
_POOL4 = 23


@MODELS.register_module()
class VGG16(VGG, BaseModule):
    """conv1_1 to conv5_3 of VGG-16; one feature map.

    Parameters have torchvision's names (``features.28.weight``), so its
    ImageNet weights can be loaded. For DeepLesion the fourth pooling is
    removed, which doubles the resolution of the feature map (Yan et al.,
    lesion_detector_3DCE of rsummers11/CADLab, symbol_vgg.py). Pooling has no
    weights, so the names stay the same.

    Example:
        ``backbone=dict(type='mmuldor.VGG16', stride=8)``

    Args:
        stride: Stride of the feature map in input pixels, 8 or 16 (with the
            fourth pooling).
        frozen_stages: Number of frozen stages, counted from the input.
        init_cfg: As for mmengine's ``BaseModule``, ``dict(type='Pretrained',
            checkpoint=...)`` for ImageNet weights. None: random weights.

    Raises:
        ValueError: If ``stride`` is neither 8 nor 16.
    """

    def __init__(
        self,
        stride: int = 8,
        frozen_stages: int = -1,
        init_cfg: dict | Sequence[dict] | None = None,
    ) -> None:
        if stride not in (8, 16):
            raise ValueError(f'`stride` must be 8 or 16, but got {stride}.')
        super().__init__(
            16,
            out_indices=(4,),
            frozen_stages=frozen_stages,
            with_last_pool=False,
        )
        self.init_cfg = init_cfg or dict(type='Kaiming', layer='Conv2d')
        if stride == 8:
            self.features[_POOL4] = nn.Identity()

    def init_weights(self) -> None:
        """Initialise by ``init_cfg``, not by mmcv's ``pretrained``."""
        BaseModule.init_weights(self)

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """Features of images (N, 3, H, W): ((N, 512, H/stride, W/stride),)."""
        return (super().forward(x),)
