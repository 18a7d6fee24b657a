from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mmuldor.cli.errors import user_errors


@pytest.mark.parametrize(
    'error',
    [
        ValueError('row 3 is\n  bad'),
        FileNotFoundError('row 3 is bad'),
        OSError('row 3 is bad'),
    ],
)
def test_user_errors_are_one_line_and_code_1(error, capsys, monkeypatch):
    monkeypatch.delenv('MMULDOR_DEBUG', raising=False)
    with pytest.raises(SystemExit) as caught, user_errors():
        raise error
    assert caught.value.code == 1
    captured = capsys.readouterr()
    assert captured.err == 'error: row 3 is bad\n'
    assert captured.out == ''


def test_an_error_without_words_has_a_name(capsys):
    with pytest.raises(SystemExit), user_errors(debug=False):
        raise ValueError
    assert capsys.readouterr().err == 'error: ValueError\n'


def test_interrupt_is_130(capsys):
    with pytest.raises(SystemExit) as caught, user_errors(debug=False):
        raise KeyboardInterrupt
    assert caught.value.code == 130
    assert 'Traceback' not in capsys.readouterr().err


@pytest.mark.parametrize('error', [KeyError('a'), TypeError('a')])
def test_bugs_keep_their_traceback(error):
    with pytest.raises(type(error)), user_errors(debug=False):
        raise error


@pytest.mark.parametrize('error', [ValueError, OSError, KeyboardInterrupt])
def test_debug_lets_everything_through(error, monkeypatch):
    monkeypatch.setenv('MMULDOR_DEBUG', '1')
    with pytest.raises(error), user_errors():
        raise error


def test_debug_0_is_off(monkeypatch):
    monkeypatch.setenv('MMULDOR_DEBUG', '0')
    with pytest.raises(SystemExit), user_errors():
        raise ValueError


def test_as_decorator_it_returns_what_the_function_does():
    @user_errors()
    def main() -> int:
        return 7

    assert main() == 7


def test_the_traceback_of_a_loaders_process_is_left_out(capsys):
    text = (
        'Caught ValueError in DataLoader worker process 0.\n'
        'Original Traceback (most recent call last):\n'
        '  File "x.py", line 1, in f\n    raise ValueError(1)\n'
        'ValueError: a.png must be a PNG,\nbut is not.\n'
    )
    with pytest.raises(SystemExit), user_errors(debug=False):
        raise ValueError(text)
    assert capsys.readouterr().err == (
        'error: a.png must be a PNG, but is not.\n'
    )


def test_too_little_memory_is_no_bug_of_ours(capsys):
    with pytest.raises(SystemExit), user_errors(debug=False):
        raise MemoryError('Unable to allocate 9 TiB')
    assert capsys.readouterr().err == (
        'error: not enough memory. Unable to allocate 9 TiB\n'
    )


@pytest.mark.parametrize('error', [ValueError('bad'), KeyboardInterrupt()])
def test_the_error_is_the_last_line(error, capsys):
    """A progress bar ends when its generator does."""

    def bar():
        try:
            yield from range(9)
        finally:
            print('9 of 9', file=sys.stderr)

    def work():
        for _ in bar():
            raise error

    with pytest.raises(SystemExit), user_errors(debug=False):
        work()
    first, last = capsys.readouterr().err.splitlines()
    assert first == '9 of 9'
    assert last in ('error: bad', 'interrupted')


@pytest.mark.parametrize('encoding', ['utf-8', 'ascii'])
def test_a_name_that_the_terminal_cannot_show(encoding):
    """As of a file whose name is no UTF-8, or of Greek on an ASCII one."""
    code = (
        'import os; from mmuldor.cli.errors import user_errors\n'
        'with user_errors():\n'
        "    print(os.fsdecode(b'caf\\xe9'), chr(0x3b1))\n"
        "    raise ValueError(os.fsdecode(b'caf\\xe9'))\n"
    )
    done = subprocess.run(
        [sys.executable, '-c', code],
        env={**os.environ, 'PYTHONIOENCODING': encoding},
        capture_output=True,
    )
    assert done.returncode == 1
    greek = '\u03b1' if encoding == 'utf-8' else r'\u03b1'
    assert done.stdout.decode(encoding) == f'caf\\udce9 {greek}\n'
    assert done.stderr == b'error: caf\\udce9\n'


@pytest.mark.parametrize('lines', [1, 100_000])
def test_who_reads_no_further_gets_no_error(lines):
    """As in ``mmuldor info | head``; few lines are written at the exit."""
    code = (
        'from mmuldor.cli.errors import user_errors\n'
        'import time\n'
        'with user_errors(debug=False):\n'
        '    time.sleep(0.5)\n'
        f'    print("line\\n" * {lines})'
    )
    process = subprocess.Popen(
        [sys.executable, '-c', code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.close()
    assert process.stderr.read() == ''
    assert process.wait() == 141


def test_a_broken_pipe_elsewhere_is_an_error(capsys):
    with pytest.raises(SystemExit) as caught, user_errors(debug=False):
        raise BrokenPipeError('of a worker')
    assert caught.value.code == 1
    assert capsys.readouterr().err == 'error: of a worker\n'
