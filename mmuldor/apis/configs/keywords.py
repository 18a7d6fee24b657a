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
    behind it, up to the first that has no ``**kwargs``. One with several
    bases may call any of them (VFNetHead skips ATSSHead), so the keywords of
    all classes behind it count.
    """
    names: set[str] = set()
    ended = False
    for function in _signatures(builder):
        # A decorator may take names that the function itself does not.
        if hasattr(function, '__wrapped__'):
            return None
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            return None
        names |= {p.name for p in parameters if p.kind in _NAMED}
        ended |= all(p.kind is not _VARIABLE for p in parameters)
        if ended and not _has_several_bases(builder):
            break
    return names - {'self'} if ended else None


def _has_several_bases(builder: Callable[..., Any]) -> bool:
    classes = builder.__mro__ if inspect.isclass(builder) else ()
    return any(len(base.__bases__) > 1 for base in classes)


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
