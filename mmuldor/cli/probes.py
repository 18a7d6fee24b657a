"""What `mmuldor info` asks of libraries, in a process that may die.

Each probe prints a line before and after, so that what killed the process is
known. Standard library only; a probe imports what it asks.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
from collections.abc import Callable, Sequence

MARK = '@mmuldor-info '


def import_version(name: str) -> str:
    """Import a module and say its version."""
    module = importlib.import_module(name)
    return str(getattr(module, '__version__', 'without a version'))


def operators() -> str:
    """Which operators mmcv has in this environment."""
    from mmuldor.ops.info import backend

    return backend()


def devices() -> str:
    """What torch can compute on."""
    import torch

    names = [
        torch.cuda.get_device_name(number)
        for number in range(torch.cuda.device_count())
    ]
    if torch.backends.mps.is_available():
        names.append('Apple GPU (mps)')
    names.append(f'cpu, {torch.get_num_threads()} threads')
    cuda = torch.version.cuda
    return '; '.join(names) + (f'; built for CUDA {cuda}' if cuda else '')


def amx() -> str:
    """Whether the CPU has units for bfloat16 (`--amp` on a CPU)."""
    from mmuldor.upstream.cpu_units import has_amx

    return 'yes' if has_amx() else 'no'


def configs() -> str:
    """Where the shipped configs are."""
    from mmuldor.upstream.on_import.config_prefix import configs_folder

    folder = configs_folder()
    return f'{folder}' if folder.is_dir() else f'{folder} (missing)'


def ct_weights() -> str:
    """Version of the weights of `CTPretrainedInit`."""
    from mmuldor.models.pretrained.weights_package import find_package

    return find_package().version


PROBES: dict[str, Callable[[], str]] = {
    'operators': operators,
    'devices': devices,
    'AMX': amx,
    'configs': configs,
    'ct-weights': ct_weights,
}


def main(names: Sequence[str]) -> None:
    """Run probes by name; other names are modules to import."""
    out = sys.stdout
    for name in names:
        print(MARK + json.dumps([name, None, None]), file=out, flush=True)
        text = error = None
        # What libraries print at their import is not asked for.
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            try:
                probe = PROBES.get(name)
                text = import_version(name) if probe is None else probe()
            except BaseException as problem:
                error = f'{type(problem).__name__}: {problem}'
        print(MARK + json.dumps([name, text, error]), file=out, flush=True)
