"""The parser of all commands: what argparse lets pass is an error here."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Collection
from typing import Any, NoReturn

# What argparse says of options that it does not know, and of what is missing.
_UNKNOWN = 'unrecognized arguments: '
_MISSING = 'the following arguments are required: '
_OPTION = re.compile(r'(?<![\w-])--?[A-Za-z][\w-]*')


class Parser(argparse.ArgumentParser):
    """A parser that reports a wrong argument as one line.

    It names unknown options before arguments that are missing, since these
    may stand behind them, and refuses an option that is given twice, of which
    argparse takes the last.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        # Options that no help shows, but that are known.
        self.hidden: set[str] = set()
        self.register('action', None, Once)
        self.register('action', 'store', Once)
        self.given: set[str] = set()
        self.words: list[str] = []

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """Add an argument; one that no help shows is kept in mind."""
        if settings.get('help') == argparse.SUPPRESS:
            self.hidden.update(names)
        return super().add_argument(*names, **settings)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; sub-commands are parsed here, too."""
        return super().parse_known_args(self._begin(args), namespace)

    def parse_known_intermixed_args(
        self, args: Any = None, namespace: Any = None
    ) -> Any:
        """Parse options and arguments in any order."""
        return super().parse_known_intermixed_args(
            self._begin(args), namespace
        )

    def _begin(self, args: Any) -> list[str]:
        """The words to parse, of which none was seen yet."""
        self.words = list(sys.argv[1:] if args is None else args)
        self.given.clear()
        return self.words

    def error(self, message: str) -> NoReturn:
        """Print the message, which names the argument; exit with code 2."""
        message = self._of_unknown(message) or message
        line = ''.join(
            c if c.isprintable() else ascii(c)[1:-1]
            for c in ' '.join(message.split())
        )
        end = '' if line.endswith(('.', '?')) else '.'
        self.exit(2, f'error: {line}{end} See `{self.prog} --help`.\n')

    def _of_unknown(self, message: str) -> str:
        """A better message where an option is unknown, else an empty one."""
        shown = set(_OPTION.findall(self.format_help()))
        known = shown | self.hidden
        found: list[str] = []
        if message.startswith(_UNKNOWN):
            found = message.removeprefix(_UNKNOWN).split()
        elif message.startswith(_MISSING):
            end = [*self.words, '--'].index('--')
            found = [w for w in self.words[:end] if not _is_known(w, known)]
        names = [w.partition('=')[0] for w in found]
        names = [name for name in names if _OPTION.fullmatch(name)]
        if not names:
            return ''
        similar = [o for name in names for o in _similar(name, shown)]
        hint = f'; did you mean {", ".join(similar)}?' if similar else ''
        ending = 's' if names[1:] else ''
        return f'unknown option{ending} {", ".join(names)}{hint}'


def _is_known(word: str, known: Collection[str]) -> bool:
    """Whether a word is no option, or a known or shortened one."""
    name = word.partition('=')[0]
    return not _OPTION.fullmatch(name) or any(
        option == name or (name[1] == '-' and option.startswith(name))
        for option in known
    )


def _similar(name: str, known: Collection[str]) -> list[str]:
    """Options that an unknown one may stand for: --out for -o."""
    options = sorted(o for o in known if o[1] == '-')
    if name[1] != '-':
        return [o for o in options if o.startswith(f'-{name}')]
    return difflib.get_close_matches(name, options, n=1)


class Once(argparse.Action):
    """Stores the value of an argument, as argparse does, but not twice."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Store the value."""
        if option_string is not None and isinstance(parser, Parser):
            if self.dest in parser.given:
                several = self.nargs in ('+', '*')
                advice = ', and all values after it' if several else ''
                raise argparse.ArgumentError(
                    self, f'must be given once{advice}, but is given twice'
                )
            parser.given.add(self.dest)
        setattr(namespace, self.dest, values)
