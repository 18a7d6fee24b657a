"""The module that mmcv imports as ``mmcv._ext`` if none was compiled.

It runs under that name, hence the absolute imports. mmcv looks up about two
hundred operators while it is imported. Operators that are missing here are
functions that raise when they are called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from mmuldor.ops.deform_attn import (
    ms_deform_attn_backward,
    ms_deform_attn_forward,
)
from mmuldor.ops.focal import (
    sigmoid_focal_loss_backward,
    sigmoid_focal_loss_forward,
)
from mmuldor.ops.info import compile_hint
from mmuldor.ops.nms import nms
from mmuldor.ops.roi_align import roi_align_backward, roi_align_forward

__all__ = [
    'ms_deform_attn_backward',
    'ms_deform_attn_forward',
    'nms',
    'roi_align_backward',
    'roi_align_forward',
    'sigmoid_focal_loss_backward',
    'sigmoid_focal_loss_forward',
]


def get_compiler_version() -> str:
    """Entry of mmcv's environment report: nothing was compiled."""
    return 'none (stand-in of mmuldor)'


def get_compiling_cuda_version() -> str:
    """Entry of mmcv's environment report: nothing was compiled."""
    return 'none (stand-in of mmuldor)'


def __getattr__(name: str) -> Callable[..., NoReturn]:
    # Python itself looks up attributes of modules that begin with "_".
    if name.startswith('_'):
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')

    def missing(*args: object, **kwargs: object) -> NoReturn:
        raise NotImplementedError(
            f'mmcv operator {name!r} must be compiled, but this mmcv has no '
            f'compiled operators; the stand-in of mmuldor has only '
            f'{", ".join(__all__)}. {compile_hint()}'
        )

    missing.__name__ = name
    return missing
