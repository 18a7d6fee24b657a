"""An extension of Griffe: Sphinx roles in docstrings become links."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Module, NameResolutionError, Object

_ROLE = re.compile(r':(?:attr|class|func|meth|mod):`(~?)([\w.]+)`')


class Roles(Extension):
    """Turns ``:func:`name``` into a link to what ``name`` means there.

    A name of mmuldor that leads nowhere is an error: docstrings must follow
    what is renamed.
    """

    def on_package(self, *, pkg: Module, **kwargs: Any) -> None:
        """Go through all docstrings once everything is read.

        Raises:
            ValueError: If a role names what is not there.
        """
        unknown: list[str] = []
        _replace_roles(pkg, unknown)
        if unknown:
            raise ValueError(
                f'Docstrings name what is not there: {"; ".join(unknown)}'
            )


def _replace_roles(thing: Object, unknown: list[str]) -> None:
    """Replace the roles in all docstrings of ``thing`` and its members."""

    def link(match: re.Match) -> str:
        name = match[2]
        shown = name.rpartition('.')[2] if match[1] else name
        target = _resolve(thing, name)
        if target is None:
            unknown.append(f'{thing.path}: {name}')
        elif target.has_docstring and target.is_public:
            return f'[`{shown}`][{target.path}]'
        return f'`{shown}`'

    if thing.docstring:
        thing.docstring.value = _ROLE.sub(link, thing.docstring.value)
    for member in thing.members.values():
        if not member.is_alias:
            _replace_roles(member, unknown)


def _resolve(thing: Object, name: str) -> Object | None:
    """What a name means in ``thing``, None for nothing."""
    root = thing.package
    if name.startswith('.'):
        parent = thing.module.parent if not thing.is_package else thing
        path = f'{parent.path}{name}'
    elif name.startswith(f'{root.name}.'):
        path = name
    else:
        try:
            path = thing.resolve(name)
        except NameResolutionError:
            return None
    try:
        found = root[path.removeprefix(f'{root.name}.')]
    except KeyError:
        return None
    return found.final_target if found.is_alias else found
