"""Runs of methods as a user names them: ``NAME@SEED=PATH``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mmuldor.evaluation.results import RESULTS_NAME, results_file


@dataclass
class NamedRuns:
    """The results files of a method.

    Attributes:
        paths: The files of each run, one or one a fold, in the order given.
        labels: What the user called the seed of each; None without.
    """

    paths: list[tuple[Path, ...]] = field(default_factory=list)
    labels: list[str | None] = field(default_factory=list)

    def seeds(self) -> list[str]:
        """A label of each run; its path where the user gave none.

        Two rows of the same files, one with the false-positive class, are
        thus paired, and other runs without a label are not.
        """
        return [
            ' '.join(map(str, paths)) if label is None else label
            for paths, label in zip(self.paths, self.labels, strict=True)
        ]


def split_method(text: str) -> tuple[str, str]:
    """Name and path of ``NAME=PATH``; without ``=``, the path's own name.

    The name may end with ``@SEED``. A path may hold ``=``, as in
    ``NAME=work_dirs/lr=0.01``: it is the first one that exists.

    Raises:
        ValueError: If name or path is empty.
    """
    signs = (match.start() for match in re.finditer('=', text))
    splits = [('', text), *((text[:at], text[at + 1 :]) for at in signs)]
    name, path = next(
        (split for split in splits if os.path.exists(split[1].strip())),
        splits[-1],
    )
    if path == text:
        given = Path(path)
        name = given.stem if given.suffix == '.json' else given.name
        name = given.parent.name if name == Path(RESULTS_NAME).stem else name
    if not name.strip() or not path.strip():
        raise ValueError(
            'a method must be NAME=PATH or NAME@SEED=PATH, of a results file '
            f'or a work dir, but got {text!r}.'
        )
    return name.strip(), path.strip()


def find_results(
    methods: Iterable[str], num_folds: int = 1
) -> dict[str, NamedRuns]:
    """The results files of each method, in the order given.

    Args:
        methods: ``NAME=PATH`` or ``NAME@SEED=PATH``; with several folds, a
            name, or name and seed, comes once a fold.
        num_folds: Results files of a run.

    Raises:
        FileNotFoundError: If a folder holds no ``results.json``.
        ValueError: If two methods without a name get the same name, or the
            seeds of a method are not clear.
    """
    found: dict[str, NamedRuns] = {}
    for text in methods:
        named, given = split_method(text)
        name, label = _split_seed(named) if '=' in text else (named, None)
        if '=' not in text and name in found and num_folds == 1:
            raise ValueError(
                f'two methods are called {name!r}, the second of them '
                f'{text!r}. Give names: NAME={text}.'
            )
        runs = found.setdefault(name, NamedRuns())
        runs.paths.append((results_file(given),))
        runs.labels.append(label)
    for name, runs in found.items():
        if num_folds > 1:
            found[name] = runs = _join_folds(name, runs, num_folds)
        _check_labels(name, runs)
    return found


def _join_folds(name: str, runs: NamedRuns, num_folds: int) -> NamedRuns:
    """One run of the files of each label."""
    joined: dict[str | None, tuple[Path, ...]] = {}
    for paths, label in zip(runs.paths, runs.labels, strict=True):
        joined[label] = joined.get(label, ()) + paths
    for label, paths in joined.items():
        if len(paths) != num_folds:
            title = name if label is None else f'{name}@{label}'
            raise ValueError(
                f'with {num_folds} annotation files, {title!r} must have the '
                f'results of {num_folds} folds, but has {len(paths)}. Write '
                f'{name}@SEED=PATH once a fold, with the same SEED for the '
                'folds of a run.'
            )
    return NamedRuns(list(joined.values()), list(joined))


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
            f'{runs.paths[labels.index(None)][0]} has none. Write '
            f'{name}@SEED=PATH for each.'
        )
    again = [one for one in labels if one and labels.count(one) > 1]
    if again:
        raise ValueError(
            f'each run of {name!r} must have a seed of its own, but '
            f'{again[0]!r} comes {labels.count(again[0])} times.'
        )
    # Not resolve(), which raises RuntimeError on a loop of links.
    paths = [path for of_run in runs.paths for path in of_run]
    files = [os.path.realpath(path) for path in paths]
    for path, file in zip(paths, files, strict=True):
        if files.count(file) > 1:
            raise ValueError(
                'the runs of a method must be different trainings, but '
                f'{name!r} has {path} twice.'
            )
