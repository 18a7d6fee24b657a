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
from typing import Any

MARK = '@mmuldor-info '


def import_version(name: str) -> str:
    """Import a module and say its version."""
    module = importlib.import_module(name)
    return str(getattr(module, '__version__', 'without a version'))


def operators() -> str:
    """Which operators mmcv has in this environment."""
    return str(_module('mmuldor.ops.info').backend())


def devices() -> str:
    """What torch can compute on."""
    torch = _module('torch')
    names = [
        torch.cuda.get_device_name(number)
        for number in range(torch.cuda.device_count())
    ]
    if torch.backends.mps.is_available():
        names.append('Apple GPU (mps)')
    names.append(f'cpu (threads: {torch.get_num_threads()})')
    cuda = torch.version.cuda
    return '; '.join(names) + (f'; built for CUDA {cuda}' if cuda else '')


def amx() -> str:
    """Whether the CPU has units for bfloat16 (`--amp` on a CPU)."""
    found = _module('mmuldor.upstream.cpu_units').has_amx()
    return 'yes' if found else 'no'


def configs() -> str:
    """Where the shipped configs are."""
    prefix = _module('mmuldor.upstream.on_import.config_prefix')
    folder = prefix.configs_folder()
    return f'{folder}' if folder.is_dir() else f'{folder} (missing)'


def ct_weights() -> str:
    """Version of the weights of `CTPretrainedInit`."""
    package = _module('mmuldor.models.pretrained.weights_package')
    return str(package.find_package().version)


def _module(name: str) -> Any:
    """A module that may be broken; by name, since this file is light."""
    return importlib.import_module(name)


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
