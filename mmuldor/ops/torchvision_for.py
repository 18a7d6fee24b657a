"""Print the torchvision requirement of a torch with CUDA, if it is missing.

Example:
    python -m pip install --no-deps "$(python -m mmuldor.ops.torchvision_for)"
"""

from __future__ import annotations

import importlib.util
import re


def requirement(torch_version: str, cuda: str | None, installed: bool) -> str:
    """The requirement for pip, '' if none is needed.

    Torch 2.N.M needs torchvision 0.(N + 15).M (the table in torchvision's
    README).

    Args:
        torch_version: For example '2.11.0+cu130'.
        cuda: Torch's CUDA version, None for a build without CUDA.
        installed: Whether torchvision is installed.
    """
    if cuda is None or installed:
        return ''
    version = re.match(r'2\.(\d+)\.(\d+)', torch_version)
    if version is None:
        raise ValueError(f'torch must be 2.x.y, but is {torch_version}.')
    minor, patch = version.groups()
    return f'torchvision==0.{int(minor) + 15}.{patch}'


def main() -> None:
    """Print the requirement of the installed torch."""
    import torch

    installed = importlib.util.find_spec('torchvision') is not None
    print(requirement(torch.__version__, torch.version.cuda, installed))


if __name__ == '__main__':
    main()
