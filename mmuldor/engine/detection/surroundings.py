"""Run a convolutional network on a window as if on the whole slice.

At the border of a window a convolution would see zeros, where the whole slice
has air, and what it computes from them spreads through the deep maps over
hundreds of pixels. Therefore the input of every padded operation is computed
once for a whole slice without a body. In a window these operations take from
there what lies around the window.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import EllipsisType
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d, pad
from torch.overrides import TorchFunctionMode

# Padded operations: position of the argument `padding`, and what they pad.
_PADDED: dict[Callable, tuple[int, float]] = {
    torch.conv2d: (4, 0.0),
    max_pool2d: (3, float('-inf')),
}


class Window(NamedTuple):
    """A part of the network's input, px; right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        """Its pixels."""
        return (self.right - self.left) * (self.bottom - self.top)

    def within(self) -> tuple[EllipsisType, slice, slice]:
        """The index of its part in an array (..., H, W)."""
        rows, columns = (
            slice(self.top, self.bottom),
            slice(self.left, self.right),
        )
        return ..., rows, columns


class Surroundings:
    """Inputs of a network's padded operations for a whole slice.

    Args:
        network: Gives maps of inputs (N, C, H, W).
        inputs: A whole slice, (1, C, H, W).
        halves: Windows may begin in the middle of a cell of the coarsest map,
            if that is every second cell of the next, as FPN's P6. Its first
            cell is then the first that begins inside the window.

    Attributes:
        outputs: What the network gave for the whole slice.
        grid: Windows begin at its multiples, px: the stride of the coarsest
            map, so that every cell of a map has the place it has in the
            whole, or half of that.
    """

    def __init__(
        self,
        network: Callable[[Tensor], Sequence[Tensor]],
        inputs: Tensor,
        halves: bool = False,
    ) -> None:
        self._maps: list[tuple[Tensor, int]] = []
        self._shape = inputs.shape[-2:]
        # Strides of maps of which every second cell is taken.
        self._halved: list[int] = []
        with torch.no_grad(), _Recording(self._add, self._add_halved):
            self.outputs = list(network(inputs))
        strides = [self._stride(level) for level in self.outputs]
        self.grid = max([1, *strides, *(stride for _, stride in self._maps)])
        if halves and max(self._halved, default=0) * 2 == self.grid:
            self.grid //= 2

    def _add(self, maps: Tensor, padding: tuple[int, int], fill: float):
        high, wide = padding
        padded = pad(maps, (wide, wide, high, high), value=fill)
        self._maps.append((padded, self._stride(maps)))
        return None

    def _add_halved(self, maps: Tensor) -> Tensor:
        self._halved.append(self._stride(maps))
        return maps

    def _stride(self, maps: Tensor) -> int:
        """Size of a cell in px: the power of two that gives this size."""
        longer = max(range(2), key=lambda axis: self._shape[axis])
        cells, stride = maps.shape[longer - 2], 1
        while -(-self._shape[longer] // stride) > cells:
            stride *= 2
        return stride

    def around(self, window: Window) -> TorchFunctionMode:
        """A context in which the network runs once, on a window's part."""
        rest, halved = iter(self._maps), iter(self._halved)

        def extend(
            maps: Tensor, padding: tuple[int, int], fill: float
        ) -> Tensor:
            whole, stride = next(rest)
            at = -(-window.top // stride), -(-window.left // stride)
            return _extended(maps, whole, at, padding)

        def from_even(maps: Tensor) -> Tensor:
            stride = next(halved)
            rows, columns = window.top // stride, window.left // stride
            return maps[..., rows % 2 :, columns % 2 :]

        return _Recording(extend, from_even)

    def outputs_in(self, window: Window) -> list[Tensor]:
        """The part of `outputs` that a window has."""
        parts = []
        for level in self.outputs:
            stride = self._stride(level)
            left, top, right, bottom = (-(-v // stride) for v in window)
            parts.append(level[..., top:bottom, left:right])
        return parts


class _Recording(TorchFunctionMode):
    """Shows the input of each padded operation, which may be replaced.

    Args:
        see: Gets the input, its padding (rows, columns) and the value of
            padding; returns the padded input, or None to leave it alone.
        take: Gets maps of which every second cell is taken, and returns them
            from the first of these cells on.
    """

    def __init__(
        self,
        see: Callable[[Tensor, tuple[int, int], float], Tensor | None],
        take: Callable[[Tensor], Tensor],
    ) -> None:
        super().__init__()
        self._see, self._take = see, take

    def __torch_function__(
        self,
        func: Callable,
        types: Sequence[type],
        args: Sequence = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func not in _PADDED:
            return func(*args, **kwargs)
        position, fill = _PADDED[func]
        given = kwargs.get('padding', [*args, *[0] * 9][position])
        padding = (given, given) if isinstance(given, int) else given
        if isinstance(padding, str) or not any(padding):
            if func is max_pool2d and _takes_every_second(*args, **kwargs):
                args = [self._take(args[0]), *args[1:]]
            return func(*args, **kwargs)
        extended = self._see(args[0], tuple(padding), fill)
        if extended is None:
            return func(*args, **kwargs)
        args = [extended, *args[1:]]
        if 'padding' in kwargs:
            kwargs = {**kwargs, 'padding': 0}
        else:
            args[position] = 0
        return func(*args, **kwargs)


def _takes_every_second(
    maps: Tensor, kernel_size: Any, stride: Any = None, *_: Any, **__: Any
) -> bool:
    """Whether a max pooling, as FPN's last, takes every second cell."""
    both = [
        (value, value) if isinstance(value, int) else tuple(value or ())
        for value in (kernel_size, stride)
    ]
    return both == [(1, 1), (2, 2)]


def _extended(
    maps: Tensor, whole: Tensor, at: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    """Maps of a window with what lies around it in the whole.

    Args:
        maps: (N, C, h, w).
        whole: (n, C, H, W), padded already; N is a multiple of n.
        at: Row and column of the window in the map that is not padded.
        padding: Rows and columns on each side.
    """
    (n, channels, h, w), (ph, pw) = maps.shape, padding
    plain = maps.is_contiguous(memory_format=torch.contiguous_format)
    result = torch.empty(
        (n, channels, h + 2 * ph, w + 2 * pw),
        dtype=maps.dtype,
        device=maps.device,
        memory_format=(
            torch.contiguous_format if plain else torch.channels_last
        ),
    )
    top, left = at
    frame = whole[..., top : top + h + 2 * ph, left : left + w + 2 * pw]
    # As many as the network makes of one image, for each image of the batch.
    frame = (
        frame.expand(n, -1, -1, -1)
        if len(whole) == 1
        else frame.repeat(n // len(whole), 1, 1, 1)
    )
    result[..., ph : ph + h, pw : pw + w] = maps
    result[..., :ph, :] = frame[..., :ph, :]
    result[..., ph + h :, :] = frame[..., ph + h :, :]
    result[..., :pw] = frame[..., :pw]
    result[..., pw + w :] = frame[..., pw + w :]
    return result
