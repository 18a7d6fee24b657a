"""NAME=FILE and KEY: VALUE of a command line."""

import pytest

from mmuldor.cli.pairs import parse_notes, parse_runs


def test_the_last_equals_sign_divides_a_run():
    assert parse_runs(['A=a.json', ' B, t=0.5 = b.json ']) == {
        'A': 'a.json',
        'B, t=0.5': 'b.json',
    }
    assert parse_runs(['a=1 = x/y.json', 'b=z']) == {
        'a=1': 'x/y.json',
        'b': 'z',
    }
    assert parse_runs([]) == {}


def test_the_first_colon_divides_a_note():
    assert parse_notes(['time: 12:30', 'time: 13:00']) == [
        ('time', '12:30'),
        ('time', '13:00'),
    ]


@pytest.mark.parametrize('text', ['a', 'a.json', '=b', 'a=', ' = '])
def test_what_is_no_run(text):
    with pytest.raises(ValueError, match="a run must be 'NAME=FILE', but got"):
        parse_runs([text])


@pytest.mark.parametrize('text', ['note', ': value', 'key:', ''])
def test_what_is_no_note(text):
    with pytest.raises(ValueError, match="a note must be 'KEY: VALUE'"):
        parse_notes([text])


def test_names_of_runs_differ():
    with pytest.raises(ValueError, match="but 'a' comes twice"):
        parse_runs(['a=b', 'a = c'])
