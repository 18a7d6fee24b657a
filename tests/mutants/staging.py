"""The folder where mutmut works: a copy of the project, mutated ones below.

mutmut writes `mutants/` into the current folder. In a copy it mutates what was
there when it began, and the project may be edited meanwhile.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = (
    'pyproject.toml',
    'mmuldor',
    'tests',
    'tools',
    'data_prep',
    'configs',
)
_CACHES = shutil.ignore_patterns('__pycache__', '.*')
# What decides whether a mutant is found: the sources and the tests.
_DECISIVE = ('mmuldor', 'tests', 'tools', 'pyproject.toml')


def make_stage(folder: Path, keep: bool) -> bool:
    """Copy the project into a folder; whether earlier verdicts still hold.

    Args:
        folder: Made if need be.
        keep: Keep verdicts although sources or tests have changed. mutmut
            itself forgets those of functions that have changed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        shutil.rmtree(folder / name, ignore_errors=True)
        if (ROOT / name).is_dir():
            # With their times, by which mutmut knows what has changed.
            shutil.copytree(ROOT / name, folder / name, ignore=_CACHES)
        else:
            shutil.copy2(ROOT / name, folder / name)
    stamp, now = folder / 'digest', _digest()
    same = stamp.is_file() and stamp.read_text() == now
    copies = folder / 'mutants'
    if same or keep:
        # mutmut copies into these and removes nothing.
        for name in ('tests', 'tools', 'data_prep', 'configs'):
            shutil.rmtree(copies / name, ignore_errors=True)
    else:
        shutil.rmtree(copies, ignore_errors=True)
    if not same:
        # Which tests call which function; mutmut would only ask new tests.
        (copies / 'mutmut-stats.json').unlink(missing_ok=True)
    stamp.write_text(now)
    return same


def _digest() -> str:
    digest = hashlib.sha256()
    for name in _DECISIVE:
        path = ROOT / name
        files = sorted(path.rglob('*.py')) if path.is_dir() else [path]
        for file in files:
            digest.update(f'{file.relative_to(ROOT)}\0'.encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()
