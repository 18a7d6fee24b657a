"""Private names of the five libraries stand in `upstream` and `ops` alone.

What starts with an underscore has no promise behind it. Each use has a module
with its reason, and a test beside this one that fails when it changes.
"""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = {'torch', 'torchvision', 'mmengine', 'mmcv', 'mmdet'}
FOLDERS = ('mmuldor', 'tools', 'data_prep', 'benchmarks')
PRIVATE = re.compile(r'_[A-Za-z]\w*(?<!_)')
# Of named tuples and the standard library: documented, or a type's only name.
DOCUMENTED = {'_asdict', '_fields', '_make', '_replace', '_exit'}
DOCUMENTED |= {'_ActionsContainer'}
# One of pydicom's, with a test of its own in tests/scans/dicom.
PYDICOM = {'mmuldor/scans/dicom/headers.py': {'_read_file_meta_info'}}


def where(path):
    return str(path.relative_to(ROOT))


def paths(folder, ends=('mmuldor/upstream', 'mmuldor/ops')):
    return [
        path
        for path in sorted((ROOT / folder).rglob('*.py'))
        if not where(path).startswith(ends)
    ]


FILES = [path for folder in FOLDERS for path in paths(folder)]


def is_private(name):
    return PRIVATE.fullmatch(name) is not None


def defined(tree):
    """Private names that a file gives to something of its own."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and ast.unparse(node.value) == 'self'
        ):
            yield node.attr


# A class may use what its base class in another file of ours has.
OURS = {
    name
    for path in FILES
    for name in defined(ast.parse(path.read_text()))
    if is_private(name)
}


def texts(node):
    """What may name an attribute: constants, and arguments of getattr."""
    if isinstance(node, ast.Call):
        asks = ast.unparse(node.func).endswith(('attr', 'attrgetter'))
        values = node.args if asks else []
    else:
        values = [node.value]
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value


def uses(tree):
    """Private names that a file asks of others, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            owner = ast.unparse(node.value)
            if owner not in ('self', 'cls') or node.attr not in OURS:
                yield node.lineno, node.attr
        elif isinstance(node, ast.ImportFrom):
            words = [alias.name for alias in node.names]
            words += (node.module or '').split('.')
            for name in filter(is_private, words):
                yield node.lineno, name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                for name in filter(is_private, alias.name.split('.')):
                    yield node.lineno, name
        elif isinstance(node, ast.Call | ast.Assign):
            for name in filter(is_private, texts(node)):
                yield node.lineno, name


@pytest.mark.parametrize('path', FILES, ids=where)
def test_no_file_asks_for_private_names_of_others(path):
    allowed = DOCUMENTED | PYDICOM.get(where(path), set())
    found = [
        (line, name)
        for line, name in uses(ast.parse(path.read_text()))
        if name not in allowed
    ]
    assert found == []


@pytest.mark.parametrize(
    'code',
    [
        'runner._resume',
        'self._resize_img(results)',
        'from torch.utils._pytree import tree_leaves',
        'import torch._C',
        'from mmdet.models import _x',
        "getattr(wrapper, '_accumulative_counts', 1)",
        'twin._bbox_post_process = None',
        "UNIT = '_is_amx_tile_supported'",
    ],
)
def test_each_way_to_ask_is_seen(code):
    assert len(list(uses(ast.parse(code)))) == 1


@pytest.mark.parametrize(
    'code', ["dict(_delete_=True, type='_base_')", 'self.__dict__', '_own = 1']
)
def test_what_is_not_private_is_not_seen(code):
    assert list(uses(ast.parse(code))) == []


def classes(path):
    """Classes that a file of mmuldor defines."""
    name = '.'.join(path.relative_to(ROOT).with_suffix('').parts)
    module = importlib.import_module(name.removesuffix('.__init__'))
    for _, kind in inspect.getmembers(module, inspect.isclass):
        if kind.__module__ == module.__name__:
            yield kind


def overridden(kind):
    """Private names of a class that a library's base class has, too."""
    bases = [
        base
        for base in kind.__mro__[1:]
        if base.__module__.split('.')[0] in LIBRARIES
    ]
    return {
        name
        for name in vars(kind)
        if is_private(name) and any(name in vars(base) for base in bases)
    }


# What Python and torch put into a class by themselves.
INTERNAL = {'_abc_impl', '_is_protocol'}


def test_no_role_overrides_a_private_method():
    found = {
        f'{kind.__module__}.{kind.__name__}': names
        for path in paths('mmuldor')
        for kind in classes(path)
        if (names := overridden(kind) - INTERNAL)
    }
    assert found == {}


def test_an_override_is_seen():
    from mmuldor.upstream.checkpoint_hook import CheckpointHookPoints

    assert overridden(CheckpointHookPoints) == {
        '_save_checkpoint_with_step',
        '_save_best_checkpoint',
    }


UPSTREAM = [
    path
    for path in sorted((ROOT / 'mmuldor/upstream').glob('*.py'))
    if path.stem != '__init__'
]


@pytest.mark.parametrize('path', UPSTREAM, ids=lambda path: path.stem)
def test_each_module_has_reason_versions_and_test(path):
    doc = ast.get_docstring(ast.parse(path.read_text()))
    assert re.search(r'\d+\.\d+', doc), 'which version was it seen with?'
    assert (ROOT / f'tests/upstream/test_{path.name}').is_file()
