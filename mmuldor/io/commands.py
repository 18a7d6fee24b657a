"""Commands that an error message gives to repair a file."""

from __future__ import annotations

import shlex


def python_command(code: str, path: str) -> str:
    """A shell command that runs Python code.

    Args:
        code: One line without `'`, with `PATH` where the path belongs.
        path: Of any characters.
    """
    escaped = path.encode('unicode_escape').decode().replace('"', r'\"')
    literal = f'"{escaped}"'
    return f'python -c {shlex.quote(code.replace("PATH", literal))}'
