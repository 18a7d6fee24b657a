"""What is registered is exported, documented, tested, in the reference."""

import ast
import importlib
import importlib.util
import pkgutil
import re
from pathlib import Path

import pytest
from mmengine.registry import Registry

import mmuldor
from mmuldor import registry

ROOT = Path(__file__).resolve().parents[2]
REGISTRIES = [v for v in vars(registry).values() if isinstance(v, Registry)]
OURS = [r for r in REGISTRIES if r.scope == 'mmuldor']


def load_pages():
    """docs/reference/pages.py, which is no part of a package."""
    path = ROOT / 'docs/reference/pages.py'
    spec = importlib.util.spec_from_file_location('pages', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES = load_pages()


def registered():
    """Every class or function in our registries, with its registry."""
    for one in OURS:
        one.import_from_location()
        for thing in one.module_dict.values():
            # Other tests register classes of their own.
            if thing.__module__.startswith('mmuldor.'):
                yield pytest.param(one, thing, id=thing.__name__)


def full_name(thing):
    return f'{thing.__module__}.{thing.__name__}'


def test_the_sources_and_the_registries_hold_the_same():
    things = [param.values[1] for param in registered()]
    assert len(things) >= 30
    assert set(PAGES.registered()) == set(map(full_name, things))


@pytest.mark.parametrize(('its', 'thing'), registered())
def test_a_registered_class_can_be_found(its, thing):
    # Exported where its registry looks.
    rooms = [importlib.import_module(name) for name in its._locations]
    (room,) = (r for r in rooms if thing.__name__ in r.__all__)
    assert getattr(room, thing.__name__) is thing
    # Documented, by a docstring of its own.
    assert vars(thing)['__doc__'].strip()
    # Tested.
    word = re.compile(rf'\b{thing.__name__}\b')
    assert any(
        word.search(path.read_text(encoding='utf-8'))
        for path in (ROOT / 'tests').rglob('test_*.py')
    ), f'no test mentions {thing.__name__}'
    # In the reference, which shows what has a docstring and no underscore.
    assert not thing.__name__.startswith('_')
    page = f'reference/{thing.__module__.replace(".", "/")}.md'
    assert PAGES.reference()[page] == f'::: {thing.__module__}\n'


def test_every_module_has_one_page():
    found = ['mmuldor'] + [
        module.name
        for module in pkgutil.walk_packages(mmuldor.__path__, 'mmuldor.')
    ]
    texts = list(PAGES.reference().values())
    assert sorted(texts) == sorted(f'::: {name}\n' for name in found)


def test_every_guide_is_a_page():
    names = {
        str(path.relative_to(ROOT))
        for paths in PAGES.guides().values()
        for path in paths
    }
    assert {'docs/data.md', 'configs/uldor/README.md'} <= names
    assert {'benchmarks/README.md', 'CONTRIBUTING.md'} <= names


def modules():
    """Every module of mmuldor, imported."""
    for text in PAGES.reference().values():
        name = text.removeprefix('::: ').strip()
        # It stands in for mmcv's extension, and only under that name.
        if name != 'mmuldor.ops.extension':
            yield importlib.import_module(name)


def names_in_docstrings(module):
    """What Sphinx roles name, with the classes around them."""
    tree = ast.parse(Path(module.__file__).read_text(encoding='utf-8'))
    stack = [(tree, module)]
    while stack:
        node, thing = stack.pop()
        text = ast.get_docstring(node) or ''
        for name in re.findall(r':[a-z]+:`~?([\w.]+)`', text):
            yield name, thing
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                stack.append((child, getattr(thing, child.name, thing)))
            elif isinstance(child, ast.FunctionDef):
                stack.append((child, thing))


def is_there(name, thing, module):
    """Whether a name means something in a class or module."""
    if name.startswith('.'):
        name = f'{module.__package__}{name}'
    if name.startswith('mmuldor.'):
        try:
            return pkgutil.resolve_name(name) is not None
        except (ImportError, AttributeError):
            return False
    own = getattr(thing, '__annotations__', {})
    source = Path(module.__file__).read_text(encoding='utf-8')
    package = importlib.import_module(module.__package__)
    return (
        any(hasattr(scope, name) for scope in (thing, module, package))
        or name in own
        or f'self.{name}' in source
    )


def test_docstrings_name_what_is_there():
    """As `make docs` checks it, which not every change runs."""
    unknown = [
        f'{module.__name__}: {name}'
        for module in modules()
        for name, thing in names_in_docstrings(module)
        if not is_there(name, thing, module)
    ]
    assert unknown == []
