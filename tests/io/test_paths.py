import os

import pytest

from mmuldor.io.paths import (
    check_outputs,
    check_place,
    existing_file,
    existing_folder,
    files_below,
    out_folder,
    printable,
)


def test_what_is_there_is_given_back(tmp_path):
    file = tmp_path / 'a.json'
    file.touch()
    assert existing_file(str(file), '`--csv`') == file
    assert existing_folder(str(tmp_path), '`--images`') == tmp_path


@pytest.mark.parametrize(
    ('check', 'name', 'what'),
    [
        (existing_file, 'gone.json', 'an existing file'),
        (existing_file, '.', 'an existing file'),
        (existing_folder, 'gone', 'an existing folder'),
        (existing_folder, 'a.json', 'an existing folder'),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(tmp_path, check, name, what):
    (tmp_path / 'a.json').touch()
    path = tmp_path / name
    found = f'{str(path)!r}{", a folder" if name == "." else ""}'
    expected = f'`--csv` must be {what}, but got {found}.'
    with pytest.raises(FileNotFoundError) as raised:
        check(path, '`--csv`')
    assert str(raised.value) == expected
    with pytest.raises(FileNotFoundError) as raised:
        check(path, '`--csv`', 'Make it.')
    assert str(raised.value) == f'{expected} Make it.'


def test_a_folder_to_write_to_is_no_file(tmp_path):
    (tmp_path / 'a.json').touch()
    assert out_folder(str(tmp_path / 'new')) == tmp_path / 'new'
    assert out_folder(tmp_path) == tmp_path
    match = r'`--out` must be a folder, but .*a\.json is a file'
    with pytest.raises(ValueError, match=match):
        out_folder(tmp_path / 'a.json')


def test_outputs_are_no_inputs_and_differ(tmp_path):
    (tmp_path / 'loop').symlink_to('loop')
    (tmp_path / 'link').symlink_to('a')
    a, b = tmp_path / 'a', tmp_path / 'b'
    check_outputs([a, None, tmp_path / 'loop'], [b, None])
    for outputs in ([a], [tmp_path / 'link'], [b, b]):
        with pytest.raises(ValueError, match=r'must be another file'):
            check_outputs([a], outputs)


def test_an_output_that_is_a_folder(tmp_path):
    with pytest.raises(ValueError, match='must be a file to write, but is a'):
        check_outputs([], [tmp_path])


def test_an_output_that_is_no_plain_file(tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    for path in (os.devnull, tmp_path / 'pipe'):
        with pytest.raises(ValueError, match='but is a device or a pipe'):
            check_outputs([], [path])


def test_a_folder_may_hold_any_names(tmp_path):
    for name in ('_', 'file'):
        (tmp_path / name).mkdir()
    assert out_folder(tmp_path) == tmp_path


def test_a_relative_path_is_told_with_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError) as raised:
        existing_file('a.json', '`--ann`')
    assert f"but got 'a.json', from the folder '{tmp_path}'." in str(raised)


@pytest.mark.parametrize('name', ['a.json', 'new/a.json'])
def test_a_place_to_write_to(tmp_path, monkeypatch, name):
    path = tmp_path / name
    check_place(path)
    check_place(os.path.relpath(path))
    assert not list(tmp_path.iterdir())
    (tmp_path / 'file').touch()
    with pytest.raises(NotADirectoryError, match=r"file' is no folder"):
        check_place(tmp_path / 'file' / name)
    monkeypatch.setattr('os.access', lambda place, mode: False)
    for check in (
        check_place,
        out_folder,
        lambda out: check_outputs([], [out]),
    ):
        with pytest.raises(PermissionError, match='may not be written to'):
            check(path)


def test_a_name_as_text_that_can_be_written():
    assert printable(os.fsdecode(b'caf\xe9/a.nii')) == 'caf\\xe9/a.nii'
    assert printable('caf\u00e9 \U0001f600') == 'caf\u00e9 \U0001f600'
    assert printable('\ud800') == '\\ud800'


def test_files_below_a_folder(tmp_path):
    (tmp_path / 'b').mkdir()
    for name in ('c', 'b/a', 'a'):
        (tmp_path / name).touch()
    (tmp_path / 'b' / 'up').symlink_to(tmp_path)
    (tmp_path / 'gone').symlink_to(tmp_path / 'nothing')
    files, dangling = files_below(tmp_path)
    found = [str(path.relative_to(tmp_path)) for path in files]
    assert (found, dangling) == (['a', 'b/a', 'c'], ['gone'])
    assert files_below(tmp_path / 'a') == ([tmp_path / 'a'], [])
