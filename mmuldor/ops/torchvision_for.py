"""Print the torchvision that a torch with CUDA lacks, nothing otherwise.

Example:
    python -m pip install --no-deps "$(python -m mmuldor.ops.torchvision_for)"
"""

from __future__ import annotations

import importlib.util
import re


def requirement(torch_version: str, cuda: str | None, installed: bool) -> str:
    """The requirement for pip, or ''.

    Torch 2.N belongs to torchvision 0.(N + 15) since torch 2.0 (the table in
    torchvision's README), and releases of the same third number go together.

    Args:
        torch_version: Like '2.11.0+cu130'.
        cuda: Its CUDA version, None for a build without.
        installed: Whether there is a torchvision already.
    """
    if cuda is None or installed:
        return ''
    version = re.match(r'2\.(\d+)\.(\d+)', torch_version)
    if version is None:
        raise ValueError(f'torch must be 2.x.y, but is {torch_version}.')
    minor, patch = version.groups()
    return f'torchvision==0.{int(minor) + 15}.{patch}'


def main() -> None:
    """Ask the torch of this interpreter."""
    import torch

    installed = importlib.util.find_spec('torchvision') is not None
    print(requirement(torch.__version__, torch.version.cuda, installed))


if __name__ == '__main__':
    main()
