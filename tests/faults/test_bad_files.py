"""Bad files end in one line that names the file and the field."""

import resource
import sys

import pytest

from mmuldor.io.cli import user_errors
from tests.faults import good
from tests.faults.corruptions import all_faults

FAULTS = all_faults()
# The high-water mark of the process counts in kB, on macOS in bytes.
_UNIT = 1 if sys.platform == 'darwin' else 1024
MAX_BYTES = 300e6


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


def test_there_are_enough():
    assert len(FAULTS) >= 200
    assert len({str(fault) for fault in FAULTS}) >= len(FAULTS) - 5


@pytest.mark.parametrize('kind', good.SUFFIXES)
def test_a_good_file_is_read(kind, tmp_path):
    path = tmp_path / f'file{good.SUFFIXES[kind]}'
    path.write_bytes(good.good_bytes(kind, tmp_path))
    (tmp_path / f'made{good.SUFFIXES[kind]}').unlink(missing_ok=True)
    assert good.read(kind, path) is not None


@pytest.mark.parametrize('fault', FAULTS, ids=str)
def test_a_bad_file_ends_with_one_line(fault, tmp_path, capsys):
    folder = tmp_path / 'folder'
    folder.mkdir()
    path = folder / f'bad{good.SUFFIXES[fault.kind]}'
    path.write_bytes(fault.spoil(good.good_bytes(fault.kind, tmp_path)))
    before = peak_bytes()
    with pytest.raises(SystemExit) as ended, user_errors(debug=False):
        good.read(fault.kind, path)
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.count('\n') == 1
    # Of a folder that holds one file, the folder says which.
    assert path.name in said or str(path.parent) in said
    assert fault.field in said
    assert len(said) < 1200
    assert peak_bytes() - before < MAX_BYTES
