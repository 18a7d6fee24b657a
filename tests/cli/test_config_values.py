"""Values with dicts on a command line."""

import pytest

from mmuldor.cli.config_values import parse_config_value


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ("{'a': 1}", {'a': 1}),
        ('dict(a=1, b=[2, (3, None)])', {'a': 1, 'b': [2, (3, None)]}),
        ("[dict(type='A'), {'type': 'B'}]", [{'type': 'A'}, {'type': 'B'}]),
        ('{"a": dict(b=-1.5e-3)}', {'a': {'b': -1.5e-3}}),
    ],
)
def test_it_is_read_as_in_a_config(text, value):
    assert parse_config_value(text) == value


@pytest.mark.parametrize(
    'text',
    [
        '{',
        'dict(1)',
        'dict(**{})',
        '{**{}}',
        'open("x", **dict(a=1))',
        '[__import__("os"), {}]',
        '{[]: 1}',
    ],
)
def test_all_else_is_refused_and_nothing_run(text):
    with pytest.raises(ValueError, match='must be a Python value'):
        parse_config_value(text)
