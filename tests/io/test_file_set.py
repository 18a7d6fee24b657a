"""A set of files is the old one, the new one, or has no marker."""

import errno
import os

import pytest

from mmuldor.io import file_set
from mmuldor.io.file_set import replacing_set
from tests.support.killed import kill_at

MARKER = 'set.json'
OLD = {MARKER: 'old', 'a.txt': 'old', 'old.txt': 'old'}
NEW = {MARKER: 'new', 'a.txt': 'new', 'new.txt': 'new'}
FOREIGN = {'notes.md': 'foreign', 'old.txt.bak': 'foreign'}


def is_ours(name):
    return name in OLD | NEW


def write_set(folder, files):
    with replacing_set(folder, MARKER, is_ours) as new:
        for name, text in files.items():
            path = new.marker if name == MARKER else new.folder / name
            path.write_text(text)


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path):
    out = tmp_path / 'there' / 'out'
    write_set(out, OLD)
    for name, text in FOREIGN.items():
        (out / name).write_text(text)
    assert contents(out) == OLD | FOREIGN
    return out


def test_the_new_set_replaces_the_old_one(folder):
    write_set(folder, NEW)
    assert contents(folder) == NEW | FOREIGN
    assert os.listdir(folder.parent) == ['out']


def test_a_failed_set_leaves_the_old_one(folder, tmp_path):
    for out in (folder, tmp_path / 'far' / 'away'):
        with pytest.raises(TypeError):
            write_set(out, {'a.txt': 'new', MARKER: None})
    assert contents(folder) == OLD | FOREIGN
    assert os.listdir(folder.parent) == ['out']
    assert os.listdir(tmp_path) == ['there']


def test_a_full_disk_is_told_with_the_folder(folder):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with (
        pytest.raises(OSError, match=rf"space .*'{folder}'"),
        replacing_set(folder, MARKER, is_ours),
    ):
        raise full


def test_killed_at_any_operation(folder):
    """Whatever is left has a marker only with all files of its set."""
    seen, number, killed = [], 0, True
    while killed:
        killed = kill_at(number, lambda: write_set(folder, NEW))
        left = contents(folder)
        for name, text in FOREIGN.items():
            assert left.pop(name) == text
        assert left in (OLD, NEW) or MARKER not in left
        seen.append(left)
        markers = list(folder.parent.rglob(MARKER))
        assert markers in ([], [folder / MARKER])
        # The next run finds what the killed one left.
        write_set(folder, OLD)
        assert contents(folder) == OLD | FOREIGN
        assert os.listdir(folder.parent) == ['out']
        number += 1
    assert OLD in seen
    assert NEW in seen[:-1]
    assert any(MARKER not in left for left in seen)
    assert number > 15


def test_two_at_once_are_refused(folder):
    with replacing_set(folder, MARKER, is_ours) as new:
        with pytest.raises(ValueError, match='written by another process'):
            write_set(folder, OLD)
        new.marker.write_text('new')
    assert contents(folder) == {MARKER: 'new'} | FOREIGN


def test_a_set_without_its_marker_replaces_nothing(folder):
    with (
        pytest.raises(RuntimeError, match='marker'),
        replacing_set(folder, MARKER, is_ours),
    ):
        pass
    assert contents(folder) == OLD | FOREIGN


def test_a_folder_of_that_name_is_refused(folder):
    (folder / 'new.txt').mkdir()
    with pytest.raises(ValueError, match=r'new\.txt must be a file'):
        write_set(folder, NEW)
    assert (folder / MARKER).read_text() == 'old'


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / 'out').write_text('mine')
    with pytest.raises(ValueError, match='out is a file'):
        write_set(tmp_path / 'out', NEW)


def test_a_link_of_that_name_is_replaced_not_followed(folder, tmp_path):
    (tmp_path / 'mine').write_text('mine')
    (folder / 'a.txt').unlink()
    (folder / 'a.txt').symlink_to(tmp_path / 'mine')
    write_set(folder, NEW)
    assert contents(folder) == NEW | FOREIGN
    assert (tmp_path / 'mine').read_text() == 'mine'


def test_where_nothing_can_be_written_beside(folder):
    """As where the folder is a mount point: it is hidden inside instead."""
    beside = folder.parent / '.out.mmuldor-new'
    beside.write_text('in the way')
    write_set(folder, NEW)
    assert contents(folder) == NEW | FOREIGN
    (folder / '.mmuldor-new').write_text('in the way')
    with pytest.raises(FileExistsError, match='mmuldor-new'):
        write_set(folder, OLD)
    assert beside.read_text() == 'in the way'


def test_another_file_system_is_copied_to(folder, monkeypatch):
    """As a bind mount, which says the device number of its parent."""

    def replace(source, target, replace=os.replace):
        if 'mmuldor-new' in str(source):
            raise OSError(errno.EXDEV, 'Invalid cross-device link')
        replace(source, target)

    monkeypatch.setattr(file_set.os, 'replace', replace)
    write_set(folder, NEW)
    assert contents(folder) == NEW | FOREIGN


def test_a_name_as_long_as_names_can_be(tmp_path):
    write_set(tmp_path / ('n' * 255), NEW)
    assert contents(tmp_path / ('n' * 255)) == NEW
