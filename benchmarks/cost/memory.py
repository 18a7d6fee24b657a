"""Memory that a forward pass keeps for the backward pass."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType

from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.multiprocessing.reductions import StorageWeakRef


class KeptForBackward:
    """Counts what autograd saves while a forward pass runs.

    Nothing is kept in truth, so a large model needs no more memory than in a
    test, and no backward pass is possible. What `torch.utils.checkpoint`
    computes again is not counted, nor what it starts from.

    Args:
        without: Tensors that are there anyway, as parameters and buffers.

    Attributes:
        bytes: Of all saved tensors, each piece of memory once.
    """

    def __init__(self, without: Iterable[Tensor] = ()) -> None:
        # Weak references, so that no later tensor gets the same identity.
        self._seen = {StorageWeakRef(t.untyped_storage()) for t in without}
        self._hooks = saved_tensors_hooks(self._save, _no_backward)
        self.bytes = 0

    def __enter__(self) -> KeptForBackward:
        self._hooks.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hooks.__exit__(kind, error, trace)

    def _save(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        found = StorageWeakRef(storage)
        if found not in self._seen:
            self._seen.add(found)
            self.bytes += storage.nbytes()


def _no_backward(_: object) -> Tensor:
    raise RuntimeError('the tensors of this forward pass were not kept')
