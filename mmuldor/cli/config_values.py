"""Config values on a command line, in Python syntax."""

from __future__ import annotations

import ast
from typing import Any


def parse_config_value(text: str) -> object:
    """Parse literals, lists, tuples, dicts and ``dict(key=value)``.

    No code is executed.

    Args:
        text: For example ``[dict(type='EMAHook')]``.

    Raises:
        ValueError: If the text has another form.
    """
    try:
        return _value(ast.parse(text.strip(), mode='eval').body)
    except (SyntaxError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            "must be a Python value like [dict(type='EMAHook')], but got "
            f'{text!r}.'
        ) from error


def parse_config_text(text: str) -> dict[str, Any]:
    """Parse settings as MMEngine writes them: ``name = value``, each once.

    No code is executed.

    Args:
        text: A config without bases, imports and calculations.

    Raises:
        ValueError: If it has anything else, or a name comes twice.
    """
    found: dict[str, Any] = {}
    try:
        for line in ast.parse(text).body:
            (target,) = getattr(line, 'targets', [None])
            if not isinstance(line, ast.Assign) or not isinstance(
                target, ast.Name
            ):
                raise ValueError(f'{ast.unparse(line)[:80]!r} sets nothing')
            if target.id in found:
                raise ValueError(f'`{target.id}` is set twice')
            found[target.id] = _value(line.value)
    except (SyntaxError, TypeError, RecursionError) as error:
        raise ValueError(f'it is no Python: {error}') from error
    return found


def _value(node: ast.expr) -> object:
    if isinstance(node, (ast.List, ast.Tuple)):
        values = [_value(item) for item in node.elts]
        return values if isinstance(node, ast.List) else tuple(values)
    if isinstance(node, ast.Dict) and None not in node.keys:
        pairs = zip(node.keys, node.values, strict=True)
        return {_value(key): _value(value) for key, value in pairs if key}
    if isinstance(node, ast.Call) and not node.args:
        name = getattr(node.func, 'id', None)
        if name == 'dict' and all(word.arg for word in node.keywords):
            return {word.arg: _value(word.value) for word in node.keywords}
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number: Any = _value(node.operand)
        return -number
    raise ValueError(f'no value: {ast.unparse(node)}')
