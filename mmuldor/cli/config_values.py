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
