"""Types of command-line arguments that refuse wrong values.

Each is a `type` of argparse: a function from the text to its value that raises
`argparse.ArgumentTypeError` with what was expected and what was given.
argparse puts the name of the option before it.
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import re
from collections.abc import Callable, Sequence
from typing import Any

from mmuldor.cli.parser import Once

# Of NumPy, torch and Python alike.
MAX_SEED = 2**32 - 1
_MAX_INTEGER = 2**31 - 1
PICTURES = ('.png', '.pdf', '.svg')
_DEVICE = re.compile(r'[a-z]+(:[0-9]{1,3})?')


def whole_number(
    least: int, most: int = _MAX_INTEGER, *, odd: bool = False
) -> Callable[[str], int]:
    """Integers from `least` to `most`, or the odd ones of them."""
    rule = f'of {least} or more'
    if most != _MAX_INTEGER:
        rule = f'from {least} to {most}'
    kind = 'odd integer' if odd else 'integer'

    def parse(text: str) -> int:
        # A text of a few thousand digits would be slow, or an error of int().
        plain = text.isdecimal() and len(text) < 20
        value = int(text) if plain else least - 1
        if not least <= value <= most or (odd and value % 2 == 0):
            raise _wrong(f'an {kind} {rule}', text)
        return value

    return parse


def number(
    rule: str, accepts: Callable[[float], bool]
) -> Callable[[str], float]:
    """Finite numbers.

    Args:
        rule: What they must be, for messages, like 'a number above 0'.
        accepts: Whether a finite number is one of them.
    """

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or not accepts(value):
            raise _wrong(rule, text)
        return value

    return parse


finite = number('a finite number', lambda value: True)
positive = number('a number above 0', lambda value: value > 0)
not_negative = number('a number of 0 or more', lambda value: value >= 0)
share = number('a number from 0 to 1', lambda value: 0 <= value <= 1)
fraction = number(
    'a fraction above 0 and up to 1, like 0.9 for 90 %',
    lambda value: 0 < value <= 1,
)
# A confidence level: 0 and 1 have no interval.
level = number(
    'a fraction between 0 and 1, like 0.95 for 95 %',
    lambda value: 0 < value < 1,
)
count = whole_number(1)
seed = whole_number(0, MAX_SEED)


def text(given: str) -> str:
    """A text that is not empty."""
    if not given.strip():
        raise _wrong('a text', given)
    return given


def path(given: str) -> str:
    """The name of a file or folder, which need not exist."""
    if not given.strip():
        raise _wrong('the name of a file or folder', given)
    return given


def json_file(given: str) -> str:
    """The name of a JSON file to write; its suffix says no other format."""
    suffix = os.path.splitext(path(given))[1]
    if suffix.lower() not in ('', '.json'):
        raise _wrong('a file that ends in .json', given)
    return given


def picture(given: str) -> str:
    """The name of a figure's file; its suffix is the format."""
    if not given.lower().endswith(PICTURES) or given.lower() in PICTURES:
        raise _wrong(f'a file that ends in {", ".join(PICTURES)}', given)
    return given


def pair(form: str, sign: str) -> Callable[[str], str]:
    """Texts of two parts that are not empty, like NAME=FILE.

    Args:
        form: Shown in messages.
        sign: What separates the parts.
    """

    def parse(given: str) -> str:
        left, separator, right = given.partition(sign)
        if not (left.strip() and separator and right.strip()):
            raise _wrong(form, given)
        return given

    return parse


def device(given: str) -> str:
    """The name of a device, like cpu or cuda:0, which need not exist."""
    if not _DEVICE.fullmatch(given):
        raise _wrong('a device like cpu, cuda or cuda:0', given)
    return given


class _Together(Once):
    """Numbers of one argument that must fit together."""

    must_be = ''

    def fit(self, values: Sequence[float]) -> bool:
        """Whether they do."""
        raise NotImplementedError

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Store the numbers."""
        if not self.fit(values):
            raise argparse.ArgumentError(
                self, f'must be {self.must_be}, but got {_joined(values)}'
            )
        super().__call__(parser, namespace, values, option_string)


class Rising(_Together):
    """Numbers of which each is larger than the one before."""

    must_be = 'rising numbers'

    def fit(self, values: Sequence[float]) -> bool:
        """Whether they rise."""
        return all(a < b for a, b in itertools.pairwise(values))


class Shares(_Together):
    """Numbers that add up to 1."""

    must_be = 'shares that add up to 1'

    def fit(self, values: Sequence[float]) -> bool:
        """Whether they do, but for rounding."""
        return abs(sum(values) - 1) <= 1e-6


def _joined(values: Sequence[float]) -> str:
    return ' '.join(f'{value:g}' for value in values)


def _wrong(rule: str, text: str) -> argparse.ArgumentTypeError:
    shown = repr(text[:80]) + ('...' if len(text) > 80 else '')
    # argparse fills in %-formats of messages nowhere, so none is escaped.
    return argparse.ArgumentTypeError(f'must be {rule}, but got {shown}')
