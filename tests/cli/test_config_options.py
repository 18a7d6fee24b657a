import os

import pytest

from mmuldor.cli.config_options import config_arguments, new_parser


def test_options_become_a_dict():
    args = new_parser('').parse_args(
        ['c.py', '--cfg-options', 'a.b=1', 'c=[x,y]', 'd=e=f']
    )
    assert args.cfg_options == {'a.b': 1, 'c': ['x', 'y'], 'd': 'e=f'}


@pytest.mark.parametrize('text', ['nonsense', '=1', 'a'])
def test_an_option_without_a_value(capsys, text):
    with pytest.raises(SystemExit, match='2'):
        new_parser('').parse_args(['c.py', '--cfg-options', 'b=1', text])
    assert 'must be key=value ..., without' in capsys.readouterr().err


def test_a_launchers_rank_reaches_the_environment(monkeypatch):
    monkeypatch.delenv('LOCAL_RANK', raising=False)
    parser = new_parser('', launcher=True)
    parser.parse_args(['c.py'])
    assert 'LOCAL_RANK' not in os.environ
    parser.parse_args(['c.py', '--local-rank', '3'])
    assert os.environ.pop('LOCAL_RANK') == '3'


def test_an_unknown_launcher(capsys):
    parser = new_parser('', launcher=True)
    with pytest.raises(SystemExit, match='2'):
        parser.parse_args(['c.py', '--launcher', 'rocket'])
    assert "invalid choice: 'rocket'" in capsys.readouterr().err


def test_arguments_of_a_config(monkeypatch):
    monkeypatch.delenv('MMULDOR_STORE', raising=False)
    args = new_parser('').parse_args(['c.py', '--work-dir', 'w'])
    assert config_arguments(args) == {
        'path': 'c.py',
        'work_dir': 'w',
        'cfg_options': None,
        'launcher': 'none',
        'store': None,
        'default_store': None,
    }


def test_stores_of_the_command_line_and_the_environment(monkeypatch):
    monkeypatch.setenv('MMULDOR_STORE', 'variable')
    parser = new_parser('', launcher=True)
    argv = ['c.py', '--store', 'typed', '--launcher', 'slurm']
    arguments = config_arguments(parser.parse_args(argv))
    assert arguments['store'] == 'typed'
    assert arguments['default_store'] == 'variable'
    assert arguments['launcher'] == 'slurm'


@pytest.mark.parametrize('flag', ['--launcher', '--allow-unsafe-checkpoint'])
def test_flags_that_only_some_tools_have(flag, capsys):
    argv = ['c.py', flag, *(['none'] if flag == '--launcher' else [])]
    with pytest.raises(SystemExit, match='2'):
        new_parser('').parse_args(argv)
    assert flag in capsys.readouterr().err
    new_parser('', checkpoints=True, launcher=True).parse_args(argv)
