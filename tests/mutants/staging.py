"""The folder where mutmut works: links to the project, mutated copies below.

mutmut writes `mutants/` into the current folder. In one of its own below
`work_dirs` it finds the project by links, and the project stays as it is.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINKED = (
    'pyproject.toml',
    'mmuldor',
    'tests',
    'tools',
    'data_prep',
    'configs',
)
# What decides whether a mutant is found: the sources and the tests.
_DECISIVE = ('mmuldor', 'tests', 'tools', 'pyproject.toml')


def make_stage(folder: Path, keep: bool) -> bool:
    """Link the project into a folder; whether earlier verdicts still hold.

    Args:
        folder: Made if need be.
        keep: Keep verdicts although sources or tests have changed. mutmut
            itself forgets those of functions that have changed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in LINKED:
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(ROOT / name)
    stamp, now = folder / 'digest', _digest()
    same = stamp.is_file() and stamp.read_text() == now
    copies = folder / 'mutants'
    if same or keep:
        # mutmut copies into these and removes nothing.
        for name in ('tests', 'tools', 'data_prep', 'configs'):
            shutil.rmtree(copies / name, ignore_errors=True)
    else:
        shutil.rmtree(copies, ignore_errors=True)
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
