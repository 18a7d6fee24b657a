"""Keywords that a class or function takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

_VARIABLE = inspect.Parameter.VAR_KEYWORD
_NAMED = (
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.KEYWORD_ONLY,
)


def keywords_of(builder: Callable[..., Any]) -> set[str] | None:
    """Names of a signature; None where any keyword may be right.

    A class that hands ``**kwargs`` on takes the keywords of the classes
    behind it, up to the first that has no ``**kwargs``.
    """
    names: set[str] = set()
    for function in _signatures(builder):
        # A decorator may take names that the function itself does not.
        if hasattr(function, '__wrapped__'):
            return None
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            return None
        names |= {p.name for p in parameters if p.kind in _NAMED}
        if all(p.kind is not _VARIABLE for p in parameters):
            return names - {'self'}
    return None


def _signatures(builder: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """A function itself, or the constructors along a class's bases."""
    if not inspect.isclass(builder):
        yield builder
        return
    if builder.__new__ is not object.__new__:
        return
    constructors = [
        vars(base)['__init__']
        for base in builder.__mro__
        if base is not object and '__init__' in vars(base)
    ]
    # A class without any takes no keyword.
    yield from constructors or [_no_keywords]


def _no_keywords(self: object) -> None: ...
