"""Features that several questions to a detector share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from torch import Tensor, nn


@contextlib.contextmanager
def features_known(
    detector: nn.Module, features: Sequence[Tensor]
) -> Iterator[None]:
    """Let a detector take these features instead of computing them.

    Predicting and the losses both begin with ``extract_feat``. A first stage
    (``rpn_head``), too, is computed once, and its proposals where both ask
    for the same ones.

    Args:
        detector: An mmdet detector.
        features: Of the images that it will be asked about.
    """
    with contextlib.ExitStack() as stack:
        replaced = partial(_replaced, stack)
        replaced(detector, 'extract_feat', lambda *_, **__: features)
        head = getattr(detector, 'rpn_head', None)
        if head is not None:
            replaced(head, 'forward', _once(head.forward))
            # Sparse R-CNN's learned boxes come without.
            if hasattr(head, 'predict_by_feat'):
                replaced(head, 'predict_by_feat', _proposals_once(head))
        yield


def _replaced(
    stack: contextlib.ExitStack,
    owner: nn.Module,
    name: str,
    function: Callable,
) -> None:
    """Put a function in a method's place until the stack is left."""
    before = owner.__dict__.get(name)
    if before is None:
        stack.callback(owner.__dict__.pop, name)
    else:
        stack.callback(owner.__dict__.__setitem__, name, before)
    owner.__dict__[name] = function


def _once(forward: Callable) -> Callable:
    """The outputs of the first call, for the same maps."""
    known: list = []

    def remembered(features: Sequence[Tensor]) -> tuple:
        if not known or known[0] is not features:
            known[:] = features, forward(features)
        return known[1]

    return remembered


def _proposals_once(head: nn.Module) -> Callable:
    """The proposals of the first call, for the same outputs and limits."""
    predict, known = head.predict_by_feat, []

    def remembered(*outputs: list, **options) -> list:
        limits = options.get('cfg') or head.test_cfg
        asked = (outputs[0], limits, options.get('rescale', False))
        if not (known and _same(known[0], asked)):
            known[:] = asked, predict(*outputs, **options)
        # Heads take apart what they are given.
        return [found.clone() for found in known[1]]

    return remembered


def _same(one: tuple, other: tuple) -> bool:
    return one[0] is other[0] and one[1:] == other[1:]
