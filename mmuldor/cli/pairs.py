"""Pairs on the command line, such as NAME=FILE."""

from __future__ import annotations

from collections.abc import Iterable


def parse_runs(texts: Iterable[str]) -> dict[str, str]:
    """Parse ``NAME=FILE`` arguments into files by name.

    The last ``=`` separates the two, so that a name may contain one.

    Raises:
        ValueError: If an argument is no pair or a name occurs twice.
    """
    runs: dict[str, str] = {}
    for text in texts:
        name, file = _split(text, '=', 'run', 'NAME=FILE')
        if name in runs:
            raise ValueError(
                f'the names of the runs must differ, but {name!r} comes twice.'
            )
        runs[name] = file
    return runs


def parse_notes(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Parse ``KEY: VALUE`` arguments into pairs, split at the first colon.

    Raises:
        ValueError: If an argument is no pair.
    """
    return [_split(text, ':', 'note', 'KEY: VALUE') for text in texts]


def _split(text: str, sign: str, what: str, form: str) -> tuple[str, str]:
    left, separator, right = (
        text.rpartition(sign) if sign == '=' else text.partition(sign)
    )
    if not separator or not left.strip() or not right.strip():
        raise ValueError(f'a {what} must be {form!r}, but got {text!r}.')
    return left.strip(), right.strip()
