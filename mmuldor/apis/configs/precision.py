"""Mixed precision and memory layout of any config."""

from __future__ import annotations

import torch
from mmengine.config import Config
from torch import nn

from mmuldor.engine.hooks.channels_last_hook import to_channels_last
from mmuldor.upstream.cpu_units import has_amx


def enable_amp(config: Config) -> Config:
    """Let a config train in mixed precision, in channels-last layout.

    It uses bfloat16, which has the range of float32; on a GPU without
    bfloat16 it uses float16 with dynamic loss scaling.

    Args:
        config: From :func:`mmuldor.apis.load_config`; changed in place.

    Returns:
        The config.

    Raises:
        ValueError: If there is no GPU and the CPU has no AMX: bfloat16 would
            be slower there than float32.
    """
    wrapper = config.optim_wrapper
    if torch.cuda.is_available():
        # Older GPUs emulate bfloat16, which is slower than float32.
        half = not torch.cuda.is_bf16_supported(including_emulation=False)
        wrapper.update(
            type='AmpOptimWrapper',
            dtype='float16' if half else 'bfloat16',
            loss_scale='dynamic' if half else 1.0,
        )
    elif has_amx():
        # Without AMX, AVX-512 BF16 is slower than float32 for small layers,
        # and emulation three times slower.
        wrapper.update(type='mmuldor.CPUAmpOptimWrapper')
    else:
        raise ValueError(
            '`--amp` needs a GPU, or a CPU with AMX (Intel Xeon since 2023), '
            'but there is neither. Leave it out.'
        )
    config.setdefault('default_hooks', {}).setdefault(
        'channels_last', dict(type='mmuldor.ChannelsLastHook')
    )
    return config


def apply_memory_format(model: nn.Module, config: Config) -> None:
    """Apply the memory format of ``ChannelsLastHook`` without a runner."""
    if (config.get('default_hooks') or {}).get('channels_last'):
        to_channels_last(model)
