"""The tools on bad files: one line, exit code 1, nothing half-written."""

import importlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from mmuldor.cli.errors import user_errors
from tests.faults.spoiling import good
from tests.faults.spoiling.faults import all_faults
from tests.faults.spoiling.tools import TOOLS, filled, good_contents, lay_out

# What a kind's own reader refuses, but these tools take: a key slice of any
# size, PNG slices that need not agree with an annotation file.
TAKEN = {
    ('data_prep.slices_to_coco', 'png', 'another size'),
    ('tools.infer', 'png', 'another size'),
}
FAST_EACH, SLOW_EACH = 2, 12
BY_KIND = defaultdict(list)
for _fault in all_faults():
    BY_KIND[_fault.kind].append(_fault)


def sample():
    """So many faults of its kind for each tool, spread over the list."""
    for tool, kind, place, arguments in TOOLS:
        faults = [
            fault
            for fault in BY_KIND[kind]
            if (tool, kind, fault.name) not in TAKEN
        ]
        step = max(len(faults) // SLOW_EACH, 1)
        for number, fault in enumerate(faults[::step]):
            yield pytest.param(
                *(tool, place, arguments, fault),
                id=f'{tool}-{fault}',
                marks=[] if number < FAST_EACH else pytest.mark.slow,
            )


@pytest.fixture(scope='module')
def contents(tmp_path_factory, root):
    return good_contents(tmp_path_factory.mktemp('good'), root)


@pytest.mark.parametrize(('tool', 'place', 'arguments', 'fault'), sample())
def test_a_bad_file(tool, place, arguments, fault, contents, tmp_path, capsys):
    lay_out(contents, tmp_path)
    bad = tmp_path / place
    bad.write_bytes(fault.spoil(good.good_bytes(fault.kind, tmp_path)))
    before = {path for path in tmp_path.rglob('*')}
    main = importlib.import_module(tool).main
    with pytest.raises(SystemExit) as ended, user_errors(debug=False):
        main(filled(arguments, tmp_path))
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert 'Traceback' not in said
    (line,) = [s for s in said.splitlines() if s.startswith('error: ')]
    assert line == said.splitlines()[-1]
    # Others lie beside it, so a folder's name does not say which.
    folder = bad.parent if fault.kind in ('dicom', 'yolo') else bad
    assert bad.name in line or str(folder) in line
    assert fault.field in line
    left = {p.name for p in tmp_path.rglob('*')} - {p.name for p in before}
    assert left <= {'out'}
    if (tmp_path / 'out').exists():
        assert list((tmp_path / 'out').iterdir()) == []


PLACES = {
    'a folder': Path.mkdir,
    'a pipe': os.mkfifo,
    'a loop': lambda path: path.symlink_to(path.name),
    'a device': lambda path: path.symlink_to('/dev/zero'),
    'nowhere': lambda path: path.symlink_to('nothing'),
}


@pytest.mark.parametrize('what', PLACES)
@pytest.mark.parametrize(
    ('tool', 'place', 'arguments'),
    # Of a folder's files one may be anything; a report says which pictures
    # there are not.
    [
        (tool, place, arguments)
        for tool, kind, place, arguments in TOOLS
        if kind not in ('yolo', 'dicom')
        and (tool, kind) != ('tools.report', 'png')
    ],
    ids=lambda value: value.rpartition('/')[2].partition(' ')[0],
)
def test_what_is_no_file(
    tool, place, arguments, what, contents, tmp_path, capsys
):
    if tool == 'tools.infer' and what != 'a loop':
        pytest.skip('slow to begin, and reads as the others do')
    lay_out(contents, tmp_path)
    bad = tmp_path / place
    bad.unlink()
    PLACES[what](bad)
    main = importlib.import_module(tool).main
    with pytest.raises(SystemExit) as ended, user_errors(debug=False):
        main(filled(arguments, tmp_path))
    assert ended.value.code == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith('error: ')
    assert bad.name.partition('.')[0] in line
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    'mask', [7, [[1, 2]], {'size': [10**5, 10**5], 'counts': '0'}]
)
def test_a_mask_that_is_drawn(mask, contents, tmp_path, capsys):
    """A report looks at the masks of those detections only."""
    lay_out(contents, tmp_path)
    results = json.loads(contents['results.json'])
    results[0]['segmentation'] = mask
    (tmp_path / 'results.json').write_text(json.dumps(results))
    line = next(a for t, k, _, a in TOOLS if (t, k) == ('tools.report', 'png'))
    main = importlib.import_module('tools.report').main
    with pytest.raises(SystemExit), user_errors(debug=False):
        main(filled(line, tmp_path))
    said = capsys.readouterr().err.splitlines()[-1]
    assert 'results.json: a detection on image id 1: `segmentation`' in said
    out = tmp_path / 'out'
    assert not out.exists() or list(out.iterdir()) == []


def test_a_review_does_not_overwrite(contents, tmp_path, capsys):
    lay_out(contents, tmp_path)
    line = next(a for t, k, _, a in TOOLS if k == 'review')
    main = importlib.import_module('tools.review').main
    other = 'must be another file'
    for exclude, told in (
        ('ann.json', other),
        ('out/a.json', other),
        ('review.csv', 'must be a file that ends in .json'),
    ):
        line_now = line.replace('out/e.json', exclude)
        with pytest.raises(SystemExit), user_errors(debug=False):
            main(filled(line_now, tmp_path))
        assert told in capsys.readouterr().err
    lay = {p: (tmp_path / p).read_bytes() for p in ('ann.json', 'review.csv')}
    assert lay == {p: contents[p] for p in lay}
    assert not (tmp_path / 'out').exists()


GOOD = {(tool, place): line for tool, _, place, line in TOOLS}


@pytest.mark.parametrize(
    ('tool', 'place'),
    [case for case in GOOD if case[0] != 'tools.infer'],
    ids=lambda value: value.rpartition('/')[2],
)
def test_good_files_give_no_error(tool, place, contents, tmp_path):
    """Else a tool that fails on anything would pass the test above."""
    lay_out(contents, tmp_path)
    line = GOOD[tool, place]
    importlib.import_module(tool).main(filled(line, tmp_path))
    assert any((tmp_path / 'out').iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(
    'number', range(0, len(TOOLS), 4), ids=lambda n: TOOLS[n][0]
)
def test_as_a_command(number, contents, tmp_path, root):
    tool, _, place, arguments = TOOLS[number]
    lay_out(contents, tmp_path)
    bad = tmp_path / place
    bad.write_bytes(bad.read_bytes()[: bad.stat().st_size // 2])
    script = f'{tool.replace(".", "/")}.py'
    done = subprocess.run(
        [sys.executable, script, *filled(arguments, tmp_path)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert 'Traceback' not in done.stderr
    lines = done.stderr.strip().splitlines()
    assert lines[-1].startswith('error: ')
    assert not (tmp_path / 'out').exists()
