"""``mmuldor COMMAND ...``: one door to all tools, with their own flags."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import mmuldor
from mmuldor.cli.errors import user_errors
from mmuldor.commands import COMMANDS, Command, door_of

_HEAD = """\
usage: {door} COMMAND ...       universal lesion detection in CT
"""
_TAIL = """\
`{door} COMMAND --help` says more. A config is a file, or one
of ours: mmuldor::uldor/uldor_r101_fpn_hnem-12e_deeplesion.py
"""


def help_text() -> str:
    """All commands, two in a line, so that they fit a screen of 24 lines."""
    names = [(c.words, c.summary) for c in COMMANDS if ' ' not in c.words]
    data = [
        (c.words.removeprefix('data '), c.summary)
        for c in COMMANDS
        if ' ' in c.words
    ]
    rows = [*_in_two_columns(names), 'data COMMAND: make a data set']
    rows += _in_two_columns(data)
    door = door_of(sys.argv[0])
    head, tail = _HEAD.format(door=door), _TAIL.format(door=door)
    return '\n'.join([head, *rows, '', tail])


def _in_two_columns(entries: Sequence[tuple[str, str]]) -> list[str]:
    texts = [f'{name:<14}{summary}' for name, summary in entries]
    half = -(-len(texts) // 2)
    pairs = itertools.zip_longest(texts[:half], texts[half:], fillvalue='')
    return [f'  {left:<38}{right}'.rstrip() for left, right in pairs]


def find_command(words: Sequence[str]) -> tuple[Command, int]:
    """The command that the words begin with, and how many are its name.

    Raises:
        ValueError: If there is none; names similar ones.
    """
    for command in COMMANDS:
        name = command.words.split(' ')
        if list(words[: len(name)]) == name:
            return command, len(name)
    typed = ' '.join(words[: 2 if words[0] == 'data' else 1])
    names = [command.words for command in COMMANDS]
    similar = difflib.get_close_matches(typed, names, n=3, cutoff=0.5)
    if words[0] == 'data':
        similar = [name for name in names if name.startswith('data ')]
    hint = f'; did you mean {", ".join(similar)}?' if similar else ''
    raise ValueError(f'there is no command {typed!r}{hint}')


def load(command: Command) -> ModuleType:
    """Import a command's module: inside `mmuldor`, or beside it in a clone."""
    name = f'mmuldor.{command.module}'
    package = name.rpartition('.')[0]
    if importlib.util.find_spec(package) is None:
        sys.path.insert(0, str(Path(mmuldor.__file__).resolve().parents[1]))
        name = command.module
    return importlib.import_module(name)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code where it does not exit itself."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ('-h', '--help', 'help'):
        print(help_text(), end='')
        return 0
    if words[0] in ('-V', '--version', 'version'):
        print(f'mmuldor {mmuldor.__version__}')
        return 0
    door = door_of(sys.argv[0])
    try:
        command, count = find_command(words)
    except ValueError as error:
        hint = f'`{door} --help` lists all.'
        print(f'error: {error}\n{hint}', file=sys.stderr)
        return 2
    # Parsers take the program's name from here, messages the way to type it.
    sys.argv = [f'{door} {command.words}', *words[count:]]
    module = load(command)
    with user_errors():
        module.main()
    return 0
