"""Who may import whom, see the README's design section."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OPENMMLAB = {'mmdet', 'mmcv', 'mmengine'}
HEAVY = OPENMMLAB | {'torch', 'torchvision'}

# Rooms of mmuldor that a room may import beside itself. The longest name that
# fits a file is its room.
GROUND = {'functional', 'io', 'classes', 'commands'}
SUBJECT = GROUND | {'visualization'}
BRIDGE = {'upstream', 'registry'}
ALLOWED = {
    'registry': set(),
    'classes': set(),
    'commands': set(),
    'functional': set(),
    'ops': set(),
    'cli': {'commands'},
    'io': {'functional', 'classes', 'commands'},
    'visualization': GROUND,
    'scans': SUBJECT,
    'pacs': {*SUBJECT, 'scans', 'cli'},
    'mining': SUBJECT,
    'evaluation': SUBJECT,
    'report': SUBJECT | {'mining', 'evaluation'},
    'upstream': {'functional', 'classes', 'commands', 'registry', 'ops'},
    'models': {'functional', 'ops', *BRIDGE},
    'datasets': {*GROUND, 'mining', *BRIDGE},
    'evaluation/metrics': {*GROUND, 'evaluation', *BRIDGE},
    'engine': {*SUBJECT, 'mining', 'ops', *BRIDGE},
    'apis': {
        *SUBJECT,
        *BRIDGE,
        *('scans', 'mining', 'evaluation', 'evaluation/metrics', 'report'),
        *('ops', 'models', 'datasets', 'engine', 'cli', 'pacs'),
    },
}
LIGHT = {
    *SUBJECT,
    *('scans', 'pacs', 'mining', 'evaluation', 'report', 'cli'),
}
# Command lines of a config use mmengine's own action.
EXCEPTIONS = {'mmuldor/cli/config_options.py': {'mmengine'}}
TOOLS = {
    *('cli', 'apis', 'scans', 'pacs', 'mining', 'evaluation', 'report'),
    *SUBJECT,
}
DATA_PREP = {'functional', 'io', 'scans', 'cli', 'classes', 'commands'}
# What the ways to make a data set share; they never import each other.
PREPARATIONS = {'deeplesion', 'own_data', 'phantom'}


def imports(path):
    """Dotted names that a file imports anywhere, relative ones made whole."""
    package = path.relative_to(ROOT).with_suffix('').parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            above = package[: len(package) - node.level + 1]
            yield '.'.join([*above, *filter(None, [node.module])])
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def files(folder):
    return sorted((ROOT / folder).rglob('*.py'))


def room_of(dotted):
    """The room of a module of mmuldor."""
    parts = dotted.split('.')[1:3]
    two = '/'.join(parts)
    return two if two in ALLOWED else parts[0]


def of_mmuldor(path):
    """The rooms of mmuldor that a file imports."""
    for name in imports(path):
        if name.startswith('mmuldor.'):
            yield name, room_of(name)


def by_path(paths):
    return pytest.mark.parametrize(
        'path', paths, ids=lambda path: str(path.relative_to(ROOT))
    )


@by_path(files('mmuldor'))
def test_a_room_imports_what_it_may(path):
    place = str(path.relative_to(ROOT))
    if place in ('mmuldor/__init__.py', 'mmuldor/__main__.py'):
        return
    room = room_of(place.removesuffix('.py').replace('/', '.'))
    for name in imports(path):
        top = name.split('.')[0]
        assert top not in {'tools', 'data_prep', 'tests'}, name
        if room in LIGHT and top not in EXCEPTIONS.get(place, ()):
            assert top not in HEAVY, name
    for name, other in of_mmuldor(path):
        assert other in ALLOWED[room] | {room}, name


@by_path(
    path
    for room in sorted(LIGHT)
    for path in files(f'mmuldor/{room}')
    if path.name == '__init__.py' and 'metrics' not in path.parts
)
def test_a_light_room_opens_without_its_files(path):
    assert list(imports(path)) == []


@by_path(files('data_prep'))
def test_data_prep_needs_no_framework(path):
    own = path.relative_to(ROOT).parts[1]
    for name in imports(path):
        top, *rest = name.split('.')
        assert top not in HEAVY, name
        if top == 'data_prep' and rest and own in PREPARATIONS | {'common'}:
            assert rest[0] in {own, 'common'}, name
    for name, room in of_mmuldor(path):
        assert room in DATA_PREP, name


@by_path(files('configs'))
def test_a_config_depends_on_no_module(path):
    """Not on ``os`` above all: a config is the same in any environment."""
    assert list(imports(path)) == []


@by_path(files('tools'))
def test_tools_are_thin(path):
    for name in imports(path):
        assert name.split('.')[0] not in {'mmdet', 'mmcv', 'torch'}, name
    for name, room in of_mmuldor(path):
        assert room in TOOLS, name
    lines = path.read_text().count('\n')
    assert lines <= 120, f'{path.name} has {lines} lines'


def test_no_circle_of_files():
    """Imports for type checkers count too: they say who knows whom."""
    modules = {
        '.'.join(path.relative_to(ROOT).with_suffix('').parts): path
        for folder in ('mmuldor', 'data_prep')
        for path in files(folder)
    }
    edges = {
        name: {other for other in imports(path) if other in modules}
        for name, path in modules.items()
    }
    while True:
        ends = {name for name, others in edges.items() if not others}
        if not ends:
            break
        edges = {n: o - ends for n, o in edges.items() if n not in ends}
    assert edges == {}


@pytest.mark.parametrize('room', sorted(LIGHT - {'classes', 'commands'}))
def test_light_rooms_load_without_a_framework(room):
    names = [
        '.'.join(path.relative_to(ROOT).with_suffix('').parts)
        for path in files(f'mmuldor/{room}')
        if 'metrics' not in path.parts
        and str(path.relative_to(ROOT)) not in EXCEPTIONS
    ]
    _loads_no_framework(f'import mmuldor.commands, {", ".join(names)}')


def test_froc_loads_without_a_framework():
    _loads_no_framework('from tools import froc; froc.parse_args')


def _loads_no_framework(code):
    code = f'import sys\n{code}\nprint(sorted({HEAVY!r} & set(sys.modules)))'
    done = subprocess.run(
        [sys.executable, '-c', code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == '[]'


def test_files_and_folders_stay_readable():
    folders = ('mmuldor', 'tools', 'data_prep', 'configs', 'benchmarks')
    folders += ('tests',)
    paths = [path for folder in folders for path in files(folder)]
    long = {
        str(path.relative_to(ROOT)): count
        for path in paths
        if (count := path.read_text().count('\n')) > 300
    }
    assert long == {}
    full = {}
    for path in paths:
        if path.name not in ('__init__.py', 'conftest.py'):
            folder = str(path.parent.relative_to(ROOT))
            full[folder] = full.get(folder, 0) + 1
    # Tests: one of each file of the folder, and one of all together.
    most = {name: 16 if name.startswith('tests/') else 15 for name in full}
    # Commands, whose paths people type, and a test of each.
    most |= {'tools': 20, 'tests/tools': 24}
    assert {n: count for n, count in full.items() if count > most[n]} == {}


def test_the_half_pixel_stands_in_one_file():
    users = [
        str(path.relative_to(ROOT))
        for folder in ('mmuldor', 'tools', 'data_prep', 'benchmarks')
        for path in files(folder)
        if 'EDGE_SHIFT_PX' in path.read_text()
    ]
    assert users == ['mmuldor/functional/frame.py']
