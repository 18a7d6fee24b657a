"""`mmuldor info`, with broken packages too."""

import json
import subprocess
import sys

import pytest

from mmuldor.cli import installation as module
from mmuldor.cli.installation import FACTS, PACKAGES, ask, installation
from tests.conftest import ROOT

BROKEN = {
    'nibabel': "raise ImportError('libc is too old\\nmore')",
    'pydicom': 'import os; os._exit(3)',
    'scipy': 'import os, signal; os.kill(os.getpid(), signal.SIGSEGV)',
    'rich': "print('@mmuldor-info is not meant'); __version__ = '1.5'",
    'cv2': 'raise SystemExit',
}


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """A folder of packages that fail in many ways, before the real ones."""
    for name, code in BROKEN.items():
        (tmp_path / f'{name}.py').write_text(code)
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))
    return tmp_path


def test_a_broken_package_hides_no_other(broken):
    names = ['numpy', 'nibabel', 'pydicom', 'scipy', 'rich', 'cv2', 'json']
    found = ask(names)
    assert set(found) == set(names)
    assert found['numpy']['problem'] is None
    problem = 'ImportError: libc is too old\nmore'
    assert found['nibabel'] == {'found': None, 'problem': problem}
    asked = 'Python ended with code {} while it was asked'
    assert found['pydicom']['problem'] == asked.format(3)
    assert found['scipy']['problem'] == asked.format(-11)
    assert found['rich'] == {'found': '1.5', 'problem': None}
    assert found['cv2']['problem'].startswith('SystemExit')
    assert found['json'] == {'found': '2.0.9', 'problem': None}


def test_one_that_hangs_is_left(broken, monkeypatch):
    (broken / 'nibabel.py').write_text('import time; time.sleep(600)')
    monkeypatch.setattr(module, '_TIMEOUT_S', 3.0)
    found = ask(['json', 'nibabel', 'rich'])
    assert 'took more than 3 s' in found['nibabel']['problem']
    assert found['json']['problem'] is found['rich']['problem'] is None


def test_the_command_with_broken_packages(broken):
    done = subprocess.run(
        [sys.executable, str(ROOT / 'tools/info.py')],
        capture_output=True, text=True, cwd=broken, check=True,
    )  # fmt: skip
    lines = {
        line.split()[0]: line for line in done.stdout.splitlines() if line
    }
    assert 'but: ImportError: libc is too old' in lines['nibabel']
    assert 'but: Python ended with code 3' in lines['pydicom']
    assert lines['configs'].endswith(str(ROOT / 'configs'))


def test_what_is_there_and_what_is_not():
    found = installation()
    assert found == json.loads(json.dumps(found))
    assert set(found['packages']) == set(PACKAGES)
    assert set(found['facts']) == set(FACTS)
    for name, answer in found['packages'].items():
        assert answer['problem'] is None, name
    operators = found['facts']['operators']['found']
    assert operators.startswith(('compiled', 'stand-in'))
    assert 'cpu' in found['facts']['devices']['found']
    for answer in found['optional'].values():
        assert answer['problem'] in (None, 'not installed')
