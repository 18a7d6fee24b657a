"""Mixed precision of any config."""

from __future__ import annotations

from mmengine.config import Config


def use_amp(config: Config, dtype: str) -> Config:
    """Let a config train in mixed precision, maps in channels-last layout.

    Args:
        config: From :func:`mmuldor.apis.load_config`; changed in place.
        dtype: 'float16', with a loss scale that follows the gradients, or
            'bfloat16', which has float32's range and needs none.

    Returns:
        The config.
    """
    scale = 'dynamic' if dtype == 'float16' else 1.0
    config.optim_wrapper.update(
        type='AmpOptimWrapper', dtype=dtype, loss_scale=scale
    )
    config.setdefault('default_hooks', {})['channels_last'] = dict(
        type='mmuldor.ChannelsLastHook'
    )
    return config
