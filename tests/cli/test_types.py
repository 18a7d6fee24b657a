import argparse

import pytest

from mmuldor.cli import arguments, types


@pytest.mark.parametrize(
    ('kind', 'given', 'value'),
    [
        (types.count, '4', 4),
        (types.whole_number(0), '0', 0),
        (types.whole_number(64, 1024), '1024', 1024),
        (types.whole_number(1, odd=True), '3', 3),
        (types.seed, '4294967295', 2**32 - 1),
        (types.positive, '0.5', 0.5),
        (types.not_negative, '0', 0.0),
        (types.share, '1', 1.0),
        (types.fraction, '1', 1.0),
        (types.level, '0.95', 0.95),
        (types.finite, '-1e3', -1000.0),
        (types.path, 'a b/c', 'a b/c'),
        (types.picture, 'a.PDF', 'a.PDF'),
        (types.json_file, 'a.b/c', 'a.b/c'),
        (types.json_file, 'c.JSON', 'c.JSON'),
        (types.pair('NAME=FILE', '='), 'a=b=c', 'a=b=c'),
        (types.pair('KEY: VALUE', ':'), 'a: b', 'a: b'),
        (types.device, 'cuda:12', 'cuda:12'),
    ],
)
def test_right_values(kind, given, value):
    assert kind(given) == value
    assert type(kind(given)) is type(value)


@pytest.mark.parametrize(
    ('kind', 'given', 'rule'),
    [
        (types.count, '0', 'an integer of 1 or more'),
        (types.json_file, 'a.pkl', 'a file that ends in .json'),
        (types.json_file, ' ', 'the name of a file or folder'),
        (types.count, '-1', 'an integer of 1 or more'),
        (types.count, '1.0', 'an integer of 1 or more'),
        (types.count, '9' * 5000, 'an integer of 1 or more'),
        (types.whole_number(64, 1024), '1025', 'an integer from 64 to 1024'),
        (types.whole_number(1, odd=True), '2', 'an odd integer of 1 or more'),
        (types.seed, '4294967296', 'an integer from 0 to 4294967295'),
        (types.positive, '0', 'a number above 0'),
        (types.positive, 'inf', 'a number above 0'),
        (types.not_negative, '-0.1', 'a number of 0 or more'),
        (types.share, '30', 'a number from 0 to 1'),
        (types.share, 'nan', 'a number from 0 to 1'),
        (types.fraction, '90', 'a fraction above 0 and up to 1, like 0.9'),
        (types.fraction, '0', 'a fraction above 0'),
        (types.level, '1', 'a fraction between 0 and 1, like 0.95'),
        (types.finite, '1e999', 'a finite number'),
        (types.path, ' ', 'the name of a file or folder'),
        (types.text, '', 'a text'),
        (types.picture, 'a.gif', r'a file that ends in \.png, \.pdf, \.svg'),
        (types.picture, '.png', r'a file that ends in'),
        (types.pair('NAME=FILE', '='), 'a', 'NAME=FILE'),
        (types.pair('NAME=FILE', '='), '=a', 'NAME=FILE'),
        (types.pair('NAME=FILE', '='), 'a=', 'NAME=FILE'),
        (types.device, 'cuda:', 'a device like cpu'),
        (types.device, '', 'a device like cpu'),
    ],
)
def test_wrong_values(kind, given, rule):
    with pytest.raises(argparse.ArgumentTypeError, match=f'^must be {rule}'):
        kind(given)


@pytest.mark.parametrize(
    ('action', 'good', 'wrong', 'match'),
    [
        (types.Rising, '1 2 4', '1 2 2', 'rising numbers, but got 1 2 2'),
        (types.Rising, '-160 240', '5 1', 'rising numbers, but got 5 1'),
        (types.Shares, '0.7 0.2 0.1', '0.5 0.5 0.5', 'add up to 1, but got 0'),
    ],
)
def test_several_values(action, good, wrong, match, capsys):
    parser = arguments.make_parser('')
    parser.add_argument('--v', nargs='+', type=types.finite, action=action)
    numbers = [float(part) for part in good.split()]
    assert parser.parse_args(['--v', *good.split()]).v == numbers
    with pytest.raises(SystemExit, match='2'):
        parser.parse_args(['--v', *wrong.split()])
    assert match in capsys.readouterr().err


def test_a_wrong_argument_is_one_line(capsys):
    parser = arguments.make_parser('A title.\n\n    an example')
    parser.add_argument('--n', type=types.count)
    with pytest.raises(SystemExit, match='2'):
        parser.parse_args(['--n', 'a\nb\x1b[2J'])
    said = capsys.readouterr().err
    assert said.startswith('error: argument --n: must be an integer of 1 or')
    assert said.count('\n') == 1
    assert said.isascii()
    assert '\x1b' not in said
