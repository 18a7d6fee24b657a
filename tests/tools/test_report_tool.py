"""tools/report.py as a command."""

import subprocess
import sys

import pytest

from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_files import write_json


@pytest.fixture
def run_tool(root):
    def run(*args):
        command = [sys.executable, str(root / 'tools' / 'report.py'), *args]
        return subprocess.run(command, capture_output=True, text=True)

    return run


@pytest.fixture
def arguments(tmp_path, mini_data):
    annotations = load_annotations(mini_data / 'test.json')['annotations']
    keys = ('image_id', 'bbox', 'category_id')
    results = [{k: a[k] for k in keys} | {'score': 0.5} for a in annotations]
    write_json(tmp_path / 'r.json', results)
    return [
        '--ann', str(mini_data / 'test.json'),
        '--images', str(mini_data / 'Images_png'),
        '--run', f'Mask R-CNN={tmp_path / "r.json"}',
        '--note', 'iterations: 640',
        '--out', str(tmp_path / 'report'),
    ]  # fmt: skip


def test_report_is_written(run_tool, arguments, tmp_path):
    done = run_tool(*arguments)
    assert done.returncode == 0, done.stderr
    # No false positive: the curve is a point, and nothing is shown beyond it.
    assert '| 100.00 | 0.00 |' in done.stdout
    page = (tmp_path / 'report' / 'index.html').read_text()
    assert '<td>640</td>' in page


def test_mistakes_are_one_line(run_tool, arguments):
    done = run_tool(*arguments, '--run', 'nothing')
    assert done.returncode == 2
    assert done.stderr == (
        "error: argument --run: must be NAME=FILE, but got 'nothing'. See "
        '`python tools/report.py --help`.\n'
    )


def test_neither_torch_nor_the_framework_is_loaded(root):
    code = (
        'import sys, mmuldor.report.build; '
        "print([m for m in ('torch', 'mmengine', 'mmcv', 'mmdet') "
        'if m in sys.modules])'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, cwd=root
    )
    assert done.stdout.strip() == '[]', done.stderr
