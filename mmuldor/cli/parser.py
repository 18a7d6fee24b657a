"""The parser of all commands: what argparse lets pass is an error here."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """A parser that reports a wrong argument as one line.

    It names unknown options before arguments that are missing, since these
    may stand behind them, and refuses an option that is given twice, of which
    argparse takes the last.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.register('action', None, Once)
        self.register('action', 'store', Once)
        self.given: set[str] = set()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; all ways to parse come here, those of sub-commands, too."""
        words = list(sys.argv[1:] if args is None else args)
        self.given.clear()
        # Options of a sub-command are those of its own parser.
        if self._subparsers is None:
            self._refuse_unknown(words)
        return super().parse_known_args(words, namespace)

    def _refuse_unknown(self, words: Sequence[str]) -> None:
        end = words.index('--') if '--' in words else len(words)
        names = [word.partition('=')[0] for word in words[:end]]
        unknown = [name for name in names if self._is_unknown(name)]
        if unknown:
            similar = [o for name in unknown for o in self._similar(name)]
            hint = f'; did you mean {", ".join(similar)}?' if similar else ''
            ending = 's' if unknown[1:] else ''
            self.error(f'unknown option{ending} {", ".join(unknown)}{hint}')

    def _is_unknown(self, name: str) -> bool:
        """Whether argparse would take a word for an option, and know none."""
        if not name.startswith('-') or name == '-' or ' ' in name:
            return False
        if self._negative_number_matcher.match(name):
            return False
        return not any(
            option == name or (name[1] == '-' and option.startswith(name))
            for option in self._option_string_actions
        )

    def _similar(self, name: str) -> list[str]:
        """Options that an unknown one may stand for: -o for --out."""
        options = [o for o in self._option_string_actions if o[1] == '-']
        if name[1] != '-':
            return [o for o in options if o.startswith(f'-{name}')]
        return difflib.get_close_matches(name, options, n=1)

    def error(self, message: str) -> NoReturn:
        """Print the message, which names the argument; exit with code 2."""
        line = ''.join(
            c if c.isprintable() else ascii(c)[1:-1]
            for c in ' '.join(message.split())
        )
        end = '' if line.endswith(('.', '?')) else '.'
        self.exit(2, f'error: {line}{end} See `{self.prog} --help`.\n')


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
