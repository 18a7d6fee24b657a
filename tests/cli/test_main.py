"""One door to all tools."""

import importlib
import re
import sys

import pytest

from mmuldor.cli.main import find_command, help_text, load, main
from mmuldor.commands import COMMANDS


def test_the_help_fits_a_screen():
    lines = help_text().splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 79
    for command in COMMANDS:
        assert command.summary in help_text()


def test_every_tool_has_a_command(root):
    files = {
        f'{folder}.{path.stem}'
        for folder in ('tools', 'data_prep')
        for path in (root / folder).glob('*.py')
        if path.stem != '__init__'
    }
    assert {command.module for command in COMMANDS} == files
    assert len({command.words for command in COMMANDS}) == len(COMMANDS)


@pytest.mark.parametrize('words', ['froc', 'data phantom', 'info'])
def test_a_command_has_the_flags_and_the_name(words, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['mmuldor'])
    with pytest.raises(SystemExit) as caught:
        main([*words.split(), '--help'])
    assert caught.value.code == 0
    assert f'usage: mmuldor {words} ' in capsys.readouterr().out


@pytest.mark.parametrize('command', COMMANDS, ids=lambda c: c.words)
def test_the_help_names_what_is_typed(command, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['/usr/bin/mmuldor'])
    with pytest.raises(SystemExit):
        main([*command.words.split(), '--help'])
    printed = capsys.readouterr().out
    assert re.search(rf'^ +mmuldor {command.words} \S', printed, re.MULTILINE)
    assert not re.search(r'(tools|data_prep)/\w+\.py', printed)


def test_arguments_reach_the_tool(monkeypatch):
    seen = []
    module = importlib.import_module('tools.convert_results')
    monkeypatch.setattr(module, 'main', lambda: seen.append(sys.argv[1:]))
    monkeypatch.setattr(sys, 'argv', ['mmuldor'])
    assert main(['convert', 'a.csv', '--out', 'b']) == 0
    assert seen == [['a.csv', '--out', 'b']]


def test_an_error_is_one_line(monkeypatch, capsys, tmp_path):
    monkeypatch.delenv('MMULDOR_DEBUG', raising=False)
    monkeypatch.setattr(sys, 'argv', ['mmuldor'])
    absent = str(tmp_path / 'absent.json')
    with pytest.raises(SystemExit) as caught:
        main(['froc', '--ann', absent, '--dets', absent])
    assert caught.value.code == 1
    assert capsys.readouterr().err.startswith('error: ')


@pytest.mark.parametrize(
    ('typed', 'similar'),
    [
        (['trian'], 'did you mean train?'),
        (['data', 'deplesion'], 'data deeplesion, data verify'),
        (['data'], "'data'; did you mean data deeplesion"),
        (['-v'], "no command '-v'\n"),
    ],
)
def test_a_wrong_name_lists_similar_ones(typed, similar, capsys):
    assert main(typed) == 2
    assert similar in capsys.readouterr().err


@pytest.mark.parametrize('typed', [[], ['--help'], ['-h'], ['help']])
def test_no_command_prints_the_help(typed, capsys):
    assert main(typed) == 0
    assert capsys.readouterr().out == help_text()


def test_version(capsys):
    assert main(['--version']) == 0
    assert capsys.readouterr().out == 'mmuldor 0.1.0\n'


def test_modules_are_those_beside_mmuldor_in_a_clone(root):
    command, count = find_command(['data', 'verify', 'x'])
    assert count == 2
    assert load(command).__file__ == str(
        root / 'data_prep/verify_deeplesion.py'
    )
