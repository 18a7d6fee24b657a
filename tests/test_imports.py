"""Who may import whom, see the README's design section."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OPENMMLAB = {'mmdet', 'mmcv', 'mmengine'}
HEAVY = OPENMMLAB | {'torch', 'torchvision'}
LAYERS = {'datasets', 'evaluation', 'engine', 'models', 'visualization'}
PARTS = {
    *LAYERS,
    *('functional', 'io', 'report', 'ops', 'registry', 'apis'),
}

# Parts of mmuldor that a part may import; itself is always allowed.
ALLOWED = {
    'functional': set(),
    'io': {'functional'},
    'report': {'functional', 'io'},
    'registry': set(),
    'ops': set(),
    **{part: {'functional', 'io', 'registry', 'ops'} for part in LAYERS},
    'visualization': {'functional', 'io', 'registry', 'ops', 'report'},
    'apis': PARTS,
}
LIGHT = {'functional', 'io', 'report'}


def imports(path):
    """Dotted names that a file imports anywhere."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{path}: relative import'
            yield node.module


def files(folder):
    return sorted((ROOT / folder).rglob('*.py'))


@pytest.mark.parametrize(
    'path',
    [path for part in sorted(PARTS) for path in files(f'mmuldor/{part}')],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_a_part_imports_what_it_may(path):
    part = path.relative_to(ROOT / 'mmuldor').parts[0]
    for name in imports(path):
        top, *rest = name.split('.')
        assert top not in {'tools', 'data_prep', 'tests'}, name
        if part in LIGHT:
            assert top not in HEAVY, name
        if top == 'mmuldor' and rest:
            assert rest[0] in ALLOWED[part] | {part}, name


@pytest.mark.parametrize(
    'path', files('data_prep'), ids=lambda path: str(path.relative_to(ROOT))
)
def test_data_prep_needs_no_framework(path):
    for name in imports(path):
        top, *rest = name.split('.')
        assert top not in HEAVY, name
        if top == 'mmuldor' and rest:
            assert rest[0] in {'functional', 'io'}, name


@pytest.mark.parametrize(
    'path', files('tools'), ids=lambda path: str(path.relative_to(ROOT))
)
def test_tools_are_thin(path):
    for name in imports(path):
        top, *rest = name.split('.')
        assert top not in {'mmdet', 'mmcv', 'torch'}, name
        if top == 'mmuldor' and rest:
            assert rest[0] in {'apis', 'io', 'functional', 'report'}, name
    lines = path.read_text().count('\n')
    assert lines <= 120, f'{path.name} has {lines} lines'


def test_the_science_loads_without_a_framework():
    code = (
        'import sys, mmuldor\n'
        'from mmuldor.functional import boxes, froc, hard_negatives\n'
        'from mmuldor.functional import hounsfield, masks, recist\n'
        f'print(sorted({HEAVY!r} & set(sys.modules)))'
    )
    done = subprocess.run(
        [sys.executable, '-c', code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == '[]'


def test_files_stay_readable():
    long = {
        str(path.relative_to(ROOT)): count
        for folder in ('mmuldor', 'tools', 'data_prep', 'configs')
        for path in files(folder)
        if (count := path.read_text().count('\n')) > 300
    }
    assert long == {}
