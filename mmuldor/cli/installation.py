"""What is installed here, for bug reports: `mmuldor info`.

Libraries are asked in a process of their own, since a broken one may end it.
Standard library only.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import mmuldor
from mmuldor.cli.probes import MARK

# Module: the distribution that has it.
PACKAGES = {
    'torch': 'torch',
    'mmengine': 'onedl-mmengine',
    'mmcv': 'onedl-mmcv',
    'mmdet': 'onedl-mmdetection',
    'numpy': 'numpy',
    'pycocotools': 'pycocotools',
    'safetensors': 'safetensors',
    'nibabel': 'nibabel',
    'pydicom': 'pydicom',
    'highdicom': 'highdicom',
    'cv2': 'opencv-python-headless',
    'scipy': 'scipy',
    'SimpleITK': 'simpleitk',
    'matplotlib': 'matplotlib',
    'imagecodecs': 'imagecodecs',
    'blosc': 'blosc',
    'rich': 'rich',
}
OPTIONAL = {
    'torchvision': 'torchvision',
    'tensorboard': 'tensorboard',
    'wandb': 'wandb',
    'mlflow': 'mlflow',
}
FACTS = ('operators', 'devices', 'AMX', 'configs', 'ct-weights')
VARIABLES = ('MMULDOR_STORE', 'MMULDOR_DEBUG', 'CUDA_VISIBLE_DEVICES')
_TIMEOUT_S = 180.0


def installation() -> dict[str, Any]:
    """Versions, operators, devices and paths.

    Returns:
        JSON-compatible: 'mmuldor', 'python', 'machine', 'variables', and by
        name 'packages', 'optional' and 'facts', each an object with `found`
        (text or null) and `problem` (text or null).
    """
    asked = ask([*PACKAGES, *OPTIONAL, *FACTS])
    return {
        'mmuldor': {
            'version': mmuldor.__version__,
            'folder': str(Path(mmuldor.__file__).resolve().parent),
            'commit': _commit(),
        },
        'python': {
            'version': platform.python_version(),
            'file': sys.executable,
        },
        'machine': {'system': platform.platform(), 'cores': os.cpu_count()},
        'packages': {
            name: _package(asked[name], package)
            for name, package in PACKAGES.items()
        },
        'optional': {
            name: _package(asked[name], package)
            for name, package in OPTIONAL.items()
        },
        'facts': {name: asked[name] for name in FACTS},
        'variables': {
            name: os.environ[name] for name in VARIABLES if name in os.environ
        },
    }


def ask(names: list[str]) -> dict[str, dict[str, str | None]]:
    """What each probe of `mmuldor.cli.probes` found, or its problem."""
    found: dict[str, dict[str, str | None]] = {}
    left = names
    while left:
        lines, end = _run(left)
        for name, text, problem in lines:
            if text is not None or problem is not None:
                found[name] = {'found': text, 'problem': problem}
        left = [name for name in left if name not in found]
        if left:
            # The process ended within the first of these; the rest is asked
            # anew.
            found[left.pop(0)] = {'found': None, 'problem': end}
    return found


def _run(names: list[str]) -> tuple[list[list[Any]], str]:
    """The marked lines of a process, and how it ended."""
    root = str(Path(mmuldor.__file__).resolve().parents[1])
    code = (
        f'import sys; sys.path.insert(0, {root!r}); '
        'from mmuldor.cli.probes import main; main(sys.argv[1:])'
    )
    command = [sys.executable, '-W', 'ignore', '-c', code, *names]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S
        )
        output, code_text = done.stdout, f'ended with code {done.returncode}'
    except subprocess.TimeoutExpired as error:
        # Bytes in spite of `text=True`, until Python 3.13 at least.
        output = (error.output or b'').decode()
        code_text = f'took more than {_TIMEOUT_S:g} s'
    lines = [
        json.loads(line.removeprefix(MARK))
        for line in output.splitlines()
        if line.startswith(MARK)
    ]
    return lines, f'Python {code_text} while it was asked'


def _package(
    asked: dict[str, str | None], package: str
) -> dict[str, str | None]:
    """The installed version rather than the module's own, and the problem."""
    try:
        version: str | None = metadata.version(package)
    except metadata.PackageNotFoundError:
        version = asked['found']
    problem = asked['problem']
    if version is None and str(problem).startswith('ModuleNotFoundError'):
        problem = 'not installed'
    return {'found': version, 'problem': problem}


def _commit() -> str | None:
    """The clone's commit; ``+`` where files were changed since."""
    folder = Path(mmuldor.__file__).resolve().parents[1]
    if not (folder / '.git').exists():
        return None
    command = ['git', 'describe', '--always', '--dirty=+']
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def describe(found: dict[str, Any]) -> str:
    """The same as lines of text."""
    own, python, machine = found['mmuldor'], found['python'], found['machine']
    commit = f', commit {own["commit"]}' if own['commit'] else ''
    lines = [
        f'mmuldor     {own["version"]}{commit}, {own["folder"]}',
        f'Python      {python["version"]}, {python["file"]}',
        f'machine     {machine["system"]}, {machine["cores"]} cores',
    ]
    lines += [f'{n:<12}{_answer(a)}' for n, a in found['facts'].items()]
    lines += ['', 'packages']
    lines += [f'  {n:<12}{_answer(a)}' for n, a in found['packages'].items()]
    lines += ['optional packages']
    lines += [f'  {n:<12}{_answer(a)}' for n, a in found['optional'].items()]
    if found['variables']:
        lines.append('environment variables')
        lines += [f'  {n}={value}' for n, value in found['variables'].items()]
    return '\n'.join(lines)


def _answer(answer: dict[str, str | None]) -> str:
    text, problem = answer['found'], answer['problem']
    if problem is None:
        return str(text)
    first = problem.strip().splitlines()[0] if problem.strip() else problem
    return first if text is None else f'{text}, but: {first}'
