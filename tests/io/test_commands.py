"""Commands of error messages run as they stand."""

import os
import subprocess

import pytest

from mmuldor.io.commands import python_command


@pytest.mark.parametrize(
    'name', ['a b', "it's", 'a"b$HOME`x`', 'é😀', r'a\n', os.fsdecode(b'\xff')]
)
def test_a_path_of_any_characters(tmp_path, name):
    (tmp_path / name).write_text('7')
    command = python_command('print(open(PATH).read())', name)
    done = subprocess.run(
        command.replace('python', 'python3', 1),
        cwd=tmp_path,
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == '7\n'
