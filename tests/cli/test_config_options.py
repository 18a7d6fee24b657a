import os

import pytest

from mmuldor.cli.config_options import add_launcher, new_parser


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
    parser = new_parser('')
    add_launcher(parser)
    parser.parse_args(['c.py'])
    assert 'LOCAL_RANK' not in os.environ
    parser.parse_args(['c.py', '--local-rank', '3'])
    assert os.environ.pop('LOCAL_RANK') == '3'


def test_an_unknown_launcher(capsys):
    parser = new_parser('')
    add_launcher(parser)
    with pytest.raises(SystemExit, match='2'):
        parser.parse_args(['c.py', '--launcher', 'rocket'])
    assert "invalid choice: 'rocket'" in capsys.readouterr().err
