from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mmuldor.io.json_files import (
    read_json,
    replacing,
    write_json,
    write_json_files,
)


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / 'new' / 'a.json'
    write_json(path, {'a': [1, 2.5, None, 'é']})
    assert read_json(path) == {'a': [1, 2.5, None, 'é']}
    assert path.read_bytes() == b'{"a":[1,2.5,null,"\\u00e9"]}\n'


def test_indent(tmp_path):
    write_json(tmp_path / 'a.json', [1], indent=2)
    assert (tmp_path / 'a.json').read_text() == '[\n  1\n]\n'


@pytest.mark.skipif(
    not os.path.exists('/proc/self/mem'), reason='a file of Linux'
)
def test_a_file_that_cannot_be_read_is_named(tmp_path):
    # Nothing lies at address 0 of a process.
    with (
        pytest.raises(OSError, match="Input/output error: '/proc/self/mem'"),
        replacing(tmp_path / 'out.json'),
    ):
        read_json(Path('/proc/self/mem'))


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'existing file.*a\.json'):
        read_json(tmp_path / 'a.json')


def test_cut_file_names_place(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text('{"a":\n [1, 2')
    with pytest.raises(ValueError, match=r'a\.json must be JSON.*line 2'):
        read_json(path)


def test_binary_file(tmp_path):
    path = tmp_path / 'a.json'
    path.write_bytes(b'\xff\xd8\xff\xe0')
    with pytest.raises(ValueError, match=r'a\.json must be JSON'):
        read_json(path)


@pytest.mark.parametrize('value', [float('nan'), float('inf'), {1, 2}])
def test_what_is_no_json_replaces_nothing(value, tmp_path):
    path = tmp_path / 'a.json'
    write_json(path, 'old')
    with pytest.raises((ValueError, TypeError)):
        write_json(path, value)
    assert read_json(path) == 'old'
    assert os.listdir(tmp_path) == ['a.json']


def test_a_set_of_files_is_written_whole_or_not_at_all(tmp_path):
    first, second = tmp_path / 'first.json', tmp_path / 'second.json'
    write_json(first, 'old')
    with pytest.raises(ValueError, match='JSON'):
        write_json_files({first: 'new', second: float('nan')})
    assert read_json(first) == 'old'
    assert os.listdir(tmp_path) == ['first.json']


def test_readers_never_see_half_a_file(tmp_path):
    path = tmp_path / 'a.json'
    write_json(path, 'old')
    with replacing(path) as temporary:
        temporary.write_text('"ne')
        assert read_json(path) == 'old'
        temporary.write_text('"new"')
    assert read_json(path) == 'new'


def test_a_full_disk_is_told_with_the_file(tmp_path):
    path = tmp_path / 'a.json'
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    match = r"space .*a\.json'"
    with pytest.raises(OSError, match=match), replacing(path):
        raise full
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == 'nt', reason='open files cannot be replaced')
def test_who_reads_the_old_file_reads_on(tmp_path):
    path = tmp_path / 'a.json'
    write_json(path, 'old')
    with path.open() as old:
        write_json(path, 'new')
        assert old.read() == '"old"\n'


@pytest.mark.skipif(os.name == 'nt', reason='POSIX permissions')
def test_others_may_read_as_the_umask_says(tmp_path):
    mask = os.umask(0o022)
    try:
        write_json(tmp_path / 'a.json', 1)
    finally:
        os.umask(mask)
    mode = stat.S_IMODE((tmp_path / 'a.json').stat().st_mode)
    assert mode == 0o644


@pytest.mark.skipif(os.name == 'nt', reason='POSIX permissions')
def test_the_umask_stays_what_it_is_while_threads_write(tmp_path, monkeypatch):
    def set_mask(mask):
        raise AssertionError('the umask is that of all threads')

    mask = os.umask(0o077)
    try:
        with monkeypatch.context() as patch, ThreadPoolExecutor(4) as pool:
            patch.setattr(os, 'umask', set_mask)
            paths = [tmp_path / f'{k}.json' for k in range(40)]
            list(pool.map(lambda path: write_json(path, 1), paths))
    finally:
        after = os.umask(mask)
    assert after == 0o077
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}


def test_what_is_no_json_names_the_file(tmp_path):
    path = tmp_path / 'out.json'
    with pytest.raises(ValueError, match=r'out\.json must hold finite'):
        write_json(path, {'a': float('nan')})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    'text', ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "a": 2}}]']
)
def test_a_key_that_comes_twice(text, tmp_path):
    path = tmp_path / 'twice.json'
    path.write_text(text)
    with pytest.raises(ValueError, match=r"twice\.json.*'a' comes twice"):
        read_json(path)
