"""Runs of methods as a user names them: ``NAME@SEED=PATH``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mmuldor.evaluation.results import RESULTS_NAME, results_file


@dataclass
class NamedRuns:
    """The results files of a method.

    Attributes:
        paths: Files, in the order given.
        labels: What the user called the seed of each; None without.
    """

    paths: list[Path] = field(default_factory=list)
    labels: list[str | None] = field(default_factory=list)

    def seeds(self) -> list[str]:
        """A label of each run; its path where the user gave none.

        Two rows of the same files, one with the false-positive class, are
        thus paired, and other runs without a label are not.
        """
        return [
            str(path) if label is None else label
            for path, label in zip(self.paths, self.labels, strict=True)
        ]


def split_method(text: str) -> tuple[str, str]:
    """Name and path of ``NAME=PATH``; without ``=``, the path's own name.

    The name may end with ``@SEED``.

    Raises:
        ValueError: If name or path is empty.
    """
    name, sign, path = text.rpartition('=')
    if not sign:
        given = Path(path)
        name = given.stem if given.suffix == '.json' else given.name
        name = given.parent.name if name == Path(RESULTS_NAME).stem else name
    if not name.strip() or not path.strip():
        raise ValueError(
            'a method must be NAME=PATH or NAME@SEED=PATH, of a results file '
            f'or a work dir, but got {text!r}.'
        )
    return name.strip(), path.strip()


def find_results(methods: Iterable[str]) -> dict[str, NamedRuns]:
    """The results files of each method, in the order given.

    Raises:
        FileNotFoundError: If a folder holds no ``results.json``.
        ValueError: If two methods without a name get the same name, or the
            seeds of a method are not clear.
    """
    found: dict[str, NamedRuns] = {}
    for text in methods:
        named, given = split_method(text)
        name, label = _split_seed(named) if '=' in text else (named, None)
        if '=' not in text and name in found:
            raise ValueError(
                f'two methods are called {name!r}, the second of them '
                f'{text!r}. Give names: NAME={text}.'
            )
        runs = found.setdefault(name, NamedRuns())
        runs.paths.append(results_file(given))
        runs.labels.append(label)
    for name, runs in found.items():
        _check_labels(name, runs)
    return found


def _split_seed(named: str) -> tuple[str, str | None]:
    name, sign, label = named.rpartition('@')
    if not sign:
        return named, None
    if not name.strip() or not label.strip():
        raise ValueError(
            f"a method's seed must be NAME@SEED, but got {named!r}."
        )
    return name.strip(), label.strip()


def _check_labels(name: str, runs: NamedRuns) -> None:
    labels = runs.labels
    if None in labels and any(label is not None for label in labels):
        raise ValueError(
            f'all runs of {name!r} must have a seed or none, but '
            f'{runs.paths[labels.index(None)]} has none. Write '
            f'{name}@SEED=PATH for each.'
        )
    again = [one for one in labels if one and labels.count(one) > 1]
    if again:
        raise ValueError(
            f'each run of {name!r} must have a seed of its own, but '
            f'{again[0]!r} comes {labels.count(again[0])} times.'
        )
    # Not resolve(), which raises RuntimeError on a loop of links.
    files = [os.path.realpath(path) for path in runs.paths]
    for path, file in zip(runs.paths, files, strict=True):
        if files.count(file) > 1:
            raise ValueError(
                'the runs of a method must be different trainings, but '
                f'{name!r} has {path} twice.'
            )
