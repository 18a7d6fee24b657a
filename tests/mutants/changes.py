"""What a mutant of mutmut's changes: file, function, line, before, after.

mutmut writes all mutants of a function `f` beside it as `x_f__mutmut_1` and so
on, the unchanged one as `x_f__mutmut_orig`; methods of `C` are `xǁCǁf__...`.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Change:
    """One change of the source; texts are one line, single-spaced."""

    name: str
    file: str
    function: str
    line: int
    before: str
    after: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What stays the same when lines move."""
        return self.file, self.function, self.before, self.after


def change_of(name: str, stage: Path) -> Change:
    """The change that a mutant makes, from the files of a stage.

    Args:
        name: `package.module.x_function__mutmut_7`.
        stage: mutmut's working folder.
    """
    module, _, mutant = name.rpartition('.')
    file = module.replace('.', '/') + '.py'
    base, _, _ = mutant.rpartition('__mutmut_')
    parts = base[2:].split('ǁ') if base.startswith('xǁ') else [base[2:]]
    mutated = functions(stage / 'mutants' / file)
    prefix = [*parts[:-1]]
    one = mutated['.'.join([*prefix, f'{base}__mutmut_orig'])]
    other = mutated['.'.join([*prefix, mutant])]
    function = '.'.join(parts)
    start = functions(stage / file)[function].line
    old = one.text.replace(f'{base}__mutmut_orig', parts[-1], 1).splitlines()
    new = other.text.replace(mutant, parts[-1], 1).splitlines()
    first, behind = _differing(old, new)
    return Change(
        *(name, file, function, start + first),
        one_line(old[first : len(old) - behind]),
        one_line(new[first : len(new) - behind]),
    )


@dataclass(frozen=True)
class Function:
    """A function's source from `def` on, and the line of that."""

    line: int
    text: str


@cache
def functions(path: Path) -> dict[str, Function]:
    """The functions and methods of a file, by `name` and `Class.name`."""
    source = path.read_text(encoding='utf-8')
    lines, found = source.splitlines(), {}
    for node in ast.parse(source).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f'{node.name}.' if isinstance(node, ast.ClassDef) else ''
        for item in inner:
            if isinstance(item, ast.FunctionDef):
                text = '\n'.join(lines[item.lineno - 1 : item.end_lineno])
                found[prefix + item.name] = Function(item.lineno, text)
    return found


def one_line(lines: list[str]) -> str:
    """Lines as one, with single spaces."""
    return ' '.join(' '.join(lines).split())


def _differing(old: list[str], new: list[str]) -> tuple[int, int]:
    """How many lines are equal at the start, and how many at the end."""
    shorter = min(len(old), len(new))
    first = 0
    while first < shorter and old[first] == new[first]:
        first += 1
    behind = 0
    while behind < shorter - first and old[-1 - behind] == new[-1 - behind]:
        behind += 1
    return first, behind
