"""Features that prediction and losses of a detector share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmdet.models.detectors import BaseDetector
from torch import Tensor, nn


@contextlib.contextmanager
def features_known(
    detector: BaseDetector, features: Sequence[Tensor]
) -> Iterator[None]:
    """Let a detector use these features instead of computing them.

    Prediction and losses both call ``extract_feat``. The outputs of a first
    stage (``rpn_head``) are computed once, too, as are its proposals if both
    use the same limits.

    Args:
        detector: An mmdet detector.
        features: Maps (N, C, h, w) of the batch, one a level.
    """
    with contextlib.ExitStack() as stack:
        replaced = partial(_replaced, stack)
        replaced(detector, 'extract_feat', lambda *_, **__: features)
        head = getattr(detector, 'rpn_head', None)
        if head is not None:
            replaced(head, 'forward', _once(head.forward))
            # Sparse R-CNN's head of learned boxes has no `predict_by_feat`.
            if hasattr(head, 'predict_by_feat'):
                replaced(head, 'predict_by_feat', _proposals_once(head))
        yield


def _replaced(
    stack: contextlib.ExitStack,
    owner: nn.Module,
    name: str,
    function: Callable,
) -> None:
    """Replace a method by a function until the stack is closed."""
    before = owner.__dict__.get(name)
    if before is None:
        stack.callback(owner.__dict__.pop, name)
    else:
        stack.callback(owner.__dict__.__setitem__, name, before)
    owner.__dict__[name] = function


def _once(forward: Callable) -> Callable:
    """Cache the outputs of the last call, for the same maps."""
    cache: list = []

    def cached(features: Sequence[Tensor]) -> tuple:
        if not cache or cache[0] is not features:
            cache[:] = features, forward(features)
        return cache[1]

    return cached


def _proposals_once(head: BaseDenseHead) -> Callable:
    """Cache the proposals of the last call, by outputs and limits."""
    predict = head.predict_by_feat
    cache: list = []

    def cached(*outputs: list, **options) -> list:
        limits = options.get('cfg') or head.test_cfg
        # A call makes a new list of the maps, but in float32 no new maps.
        key = (outputs[0][0], limits, options.get('rescale', False))
        if not (cache and _same_key(cache[0], key)):
            cache[:] = key, predict(*outputs, **options)
        # Copies, since RoI heads change the proposals that they get.
        return [proposals.clone() for proposals in cache[1]]

    return cached


def _same_key(first: tuple, second: tuple) -> bool:
    return first[0] is second[0] and first[1:] == second[1:]
