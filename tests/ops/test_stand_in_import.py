"""Who answers when mmcv imports its extension."""

import importlib
import logging
import os
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES

import pytest

from mmuldor.ops import backend, log_backend
from mmuldor.ops import torchvision_ops as torchvision_module
from mmuldor.ops.finder import StandInFinder, install_finder
from mmuldor.ops.info import compile_hint, compiled_operators


def run(root, code, *path):
    """Run ``code`` in a fresh Python, with ``path`` ahead of all packages."""
    paths = os.pathsep.join(map(str, [*path, root]))
    return subprocess.run(
        [sys.executable, '-c', code],
        env={**os.environ, 'PYTHONPATH': paths},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def other_mmcv(tmp_path):
    """A folder with an empty package named mmcv."""
    package = tmp_path / 'mmcv'
    package.mkdir()
    (package / '__init__.py').touch()
    return package


@pytest.fixture
def stand_in():
    if backend() == 'compiled mmcv':
        pytest.skip('mmcv has compiled operators here')
    return importlib.import_module('mmcv._ext')


def test_import_of_mmuldor_loads_no_framework(root):
    code = (
        'import sys, mmuldor, mmuldor.ops, mmuldor.functional\n'
        'print([m for m in sys.modules if m.split(".")[0] in '
        '("torch", "torchvision", "mmcv", "mmdet", "mmengine", "numpy")])'
    )
    assert run(root, code).stdout == '[]\n'


def test_finder_is_last_and_once_and_answers_for_one_name():
    install_finder()
    finders = [f for f in sys.meta_path if isinstance(f, StandInFinder)]
    assert len(finders) == 1
    assert finders[0].find_spec('mmcv._ext').origin.endswith('extension.py')
    assert finders[0].find_spec('mmcv.ops') is None
    assert finders[0].find_spec('_ext') is None


def test_finder_is_appended(root):
    code = (
        'import sys; before = list(sys.meta_path); import mmuldor\n'
        'first, second, *others, last = sys.meta_path\n'
        'print(others == before, *(type(f).__name__ '
        'for f in (first, second, last)))'
    )
    expected = 'True OneDLNoticeFinder ConfigPrefixFinder StandInFinder\n'
    assert run(root, code).stdout == expected


def test_compiled_operators_win(root, other_mmcv):
    # A module in mmcv's own folder, as the compiled one is.
    (other_mmcv / '_ext.py').write_text('nms = "compiled"')
    code = (
        'import mmuldor, mmcv._ext; from mmuldor.ops import backend\n'
        'print(mmcv._ext.nms, "|", backend())'
    )
    result = run(root, code, other_mmcv.parent)
    assert result.stdout == 'compiled | compiled mmcv\n'


def test_compiled_operators_that_do_not_load_are_reported(root, other_mmcv):
    (other_mmcv / f'_ext{EXTENSION_SUFFIXES[0]}').write_text('of old torch')
    code = 'from mmuldor.ops import backend; backend()'
    result = run(root, code, other_mmcv.parent)
    assert 'ImportError: the compiled operators of mmcv must fit' in (
        result.stderr
    )
    assert '--no-build-isolation' in result.stderr


def test_missing_mmcv_is_left_to_python(root):
    code = (
        'import sys; sys.modules["mmcv"] = None\n'
        'from mmuldor.ops import backend; backend()'
    )
    assert 'ModuleNotFoundError' in run(root, code).stderr


@pytest.mark.parametrize(
    'name', ['modulated_deform_conv_forward', 'softnms', 'nms_rotated']
)
def test_other_operators_raise_when_called(stand_in, name):
    function = getattr(stand_in, name)
    with pytest.raises(NotImplementedError, match=f"'{name}'.*pip install"):
        function(1, offset=2)


def test_public_api_of_mmcv_reaches_the_error(stand_in):
    import torch
    from mmcv.ops import soft_nms

    with pytest.raises(NotImplementedError, match="'softnms'"):
        soft_nms(torch.zeros(1, 4), torch.zeros(1), 0.5)


def test_attributes_of_python_are_absent(stand_in):
    assert not hasattr(stand_in, '__path__')
    assert not hasattr(stand_in, '_private')


def test_environment_report_has_an_answer(stand_in):
    from mmcv.ops import get_compiler_version, get_compiling_cuda_version

    assert 'stand-in' in get_compiler_version()
    assert 'stand-in' in get_compiling_cuda_version()


def test_hint_names_the_installed_version():
    import mmcv

    assert compile_hint().endswith(f'=={mmcv.__version__}')


def test_backend_and_its_log_line(monkeypatch):
    from mmuldor.ops import info

    lines = []
    monkeypatch.setattr(
        'mmengine.logging.print_log',
        lambda message, logger, level: lines.append((message, logger)),
    )
    log_backend()
    assert backend() in (
        'compiled mmcv',
        'stand-in on torchvision',
        'stand-in in PyTorch',
    )
    [(message, logger)] = lines
    assert message.startswith(f'NMS and RoIAlign: {backend()}')
    assert logger == 'current'
    monkeypatch.setattr(info, 'backend', lambda: 'compiled mmcv')
    log_backend()
    assert lines[1][0] == 'NMS and RoIAlign: compiled mmcv'


def test_a_gpu_on_plain_operators_is_warned_of_once(monkeypatch):
    from mmuldor.ops import info

    lines = []
    monkeypatch.setattr(
        'mmengine.logging.print_log',
        lambda message, logger, level: lines.append((message, level)),
    )
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    monkeypatch.setattr(info, 'backend', lambda: 'stand-in in PyTorch')
    info.warn_of_plain_operators.cache_clear()
    for _ in range(2):
        log_backend()
    warnings = [text for text, level in lines if level == logging.WARNING]
    assert len(warnings) == 1
    assert 'mmuldor.ops.torchvision_for' in warnings[0]
    monkeypatch.setattr(info, 'backend', lambda: 'compiled mmcv')
    info.warn_of_plain_operators.cache_clear()
    log_backend()
    assert [level for _, level in lines].count(logging.WARNING) == 1
    info.warn_of_plain_operators.cache_clear()


@pytest.mark.parametrize(
    ('source', 'reason'),
    [
        ('raise RuntimeError("nms does not exist")', 'nms does not exist'),
        ('raise ImportError("libcudart")', 'does not load: libcudart'),
    ],
)
def test_torchvision_that_does_not_load_is_left_out(
    tmp_path, monkeypatch, source, reason
):
    package = tmp_path / 'torchvision'
    package.mkdir()
    (package / '__init__.py').write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, 'torchvision', raising=False)
    assert reason in torchvision_module._problem.__wrapped__()


def test_file_of_compiled_operators_must_exist(tmp_path):
    with pytest.raises(FileNotFoundError, match='must be an existing file'):
        compiled_operators(tmp_path / '_ext.so')
