import functools

import pytest

from mmuldor.apis.configs.keywords import keywords_of


class Base:
    def __init__(self, a, b=1):
        pass


class Child(Base):
    def __init__(self, c, **kwargs):
        pass


class Grandchild(Child):
    pass


class Nothing:
    pass


class Anything:
    def __init__(self, a, **kwargs):
        pass


class Other:
    def __init__(self, d, **kwargs):
        pass


class TwoBases(Child, Other):
    """May skip Child and Base, as mmdet's VFNetHead skips ATSSHead."""

    def __init__(self, e, **kwargs):
        super(Base, self).__init__(**kwargs)


class TwoBasesAnything(Anything, Other):
    pass


class Decorated:
    @functools.wraps(Base.__init__)
    def __init__(self, *args, **kwargs):
        pass


class Made:
    def __new__(cls, a):
        return object.__new__(cls)


def function(a, /, b, *args, c=1):
    pass


@pytest.mark.parametrize(
    ('builder', 'keywords'),
    [
        (Base, {'a', 'b'}),
        (Child, {'a', 'b', 'c'}),
        (Grandchild, {'a', 'b', 'c'}),
        (Nothing, set()),
        (Anything, None),
        (TwoBases, {'a', 'b', 'c', 'd', 'e'}),
        (TwoBasesAnything, None),
        (Decorated, None),
        (Made, None),
        (function, {'b', 'c'}),
        (dict, None),
    ],
)
def test_keywords_of_a_signature(builder, keywords):
    assert keywords_of(builder) == keywords
