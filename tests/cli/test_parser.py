import argparse
import importlib

import pytest

from mmuldor.cli import arguments, types


def said(capsys, *words):
    """What a parser says that refuses these words."""
    parser = arguments.make_parser('')
    parser.add_argument('scan', nargs='*', default=[])
    parser.add_argument('--dets', nargs='+')
    parser.add_argument('--rates', action=types.Rising, nargs=2, type=int)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--note', action='append')
    arguments.add_out(parser)
    with pytest.raises(SystemExit, match='2'):
        parser.parse_intermixed_args(words)
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ('words', 'expected'),
    [
        ('--out a --out b', 'argument --out: must be given once, but'),
        ('--out a --seed 0 --seed=0', 'argument --seed: must be given once'),
        ('--out a --o b', 'argument --out: must be given once, but'),
        ('--dets a --dets b', '--dets: must be given once, and all values a'),
        ('--rates 1 2 --rates 3 4', 'argument --rates: must be given once'),
    ],
)
def test_an_option_that_is_given_twice(capsys, words, expected):
    assert expected in said(capsys, *words.split())


def test_what_may_be_given_often():
    parser = arguments.make_parser('')
    arguments.add_with_fp(parser)
    arguments.add_accept_values(parser)
    words = ['--with-fp', 'a', '--with-fp', 'b', *['--accept-values'] * 2]
    for _ in range(2):  # each parsing on its own
        assert vars(parser.parse_args(words)) == {
            'with_fp': ['a', 'b'],
            'accept_values': True,
        }


@pytest.mark.parametrize(
    ('words', 'expected'),
    [
        ('-i a -o b', 'unknown options -i, -o; did you mean --out? See'),
        ('--outt b', 'unknown option --outt; did you mean --out? See'),
        ('--xyz=3', 'unknown option --xyz. See'),
        ('--out a -dets b', 'unknown option -dets; did you mean --dets? See'),
    ],
)
def test_unknown_options_are_named_before_what_is_missing(
    capsys, words, expected
):
    assert expected in said(capsys, *words.split())


@pytest.mark.parametrize('words', ['c -', 'c|Mask R-CNN - HNEM', 'c -- -'])
def test_surplus_words_with_dashes(capsys, words):
    parser = arguments.make_parser('')
    parser.add_argument('config')
    with pytest.raises(SystemExit, match='2'):
        parser.parse_args(words.split('|' if '|' in words else None))
    assert 'error: unrecognized arguments: ' in capsys.readouterr().err


def test_hidden_options_are_known_and_not_proposed(capsys):
    parser = arguments.make_parser('')
    parser.add_argument('config')
    parser.add_argument('--local-rank', type=int, help=argparse.SUPPRESS)
    for word, expected in (
        ('--local-rank=0', 'are required: config'),
        ('--local-rnk=0', 'unknown option --local-rnk. See'),
    ):
        with pytest.raises(SystemExit, match='2'):
            parser.parse_args([word])
        assert expected in capsys.readouterr().err


def test_words_that_are_no_options():
    parser = arguments.make_parser('')
    parser.add_argument('scan', nargs='*')
    parser.add_argument('--shift', nargs=2, type=float)
    words = ['-', '-a b', '--sh', '-1', '-.5', '--', '-x', '--yz']
    args = parser.parse_intermixed_args(words)
    assert args.shift == [-1, -0.5]
    assert args.scan == ['-', '-a b', '-x', '--yz']


@pytest.mark.parametrize('end', ['', '.', '?'])
def test_a_message_ends_once(capsys, end):
    with pytest.raises(SystemExit, match='2'):
        arguments.make_parser('').error(f'wrong{end}')
    assert f'error: wrong{end or "."} See' in capsys.readouterr().err


@pytest.mark.parametrize(
    'tool', ['tools.review', 'tools.figures', 'data_prep.convert_volumes']
)
def test_sub_commands_have_one_name(capsys, tool):
    with pytest.raises(SystemExit, match='2'):
        importlib.import_module(tool).main(['foo'])
    assert "argument command: invalid choice: 'foo'" in capsys.readouterr().err


@pytest.mark.parametrize('tool', ['pacs', 'report', 'infer', 'froc'])
def test_examples_keep_their_lines(capsys, tool):
    with pytest.raises(SystemExit, match='0'):
        importlib.import_module(f'tools.{tool}').main(['--help'])
    shown = capsys.readouterr().out.partition('\noptions:')[0]
    assert max(map(len, shown.split('\n'))) < 100
    assert '.py ' in shown
