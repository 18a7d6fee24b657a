"""One way to spoil a file."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One way to spoil one kind of file."""

    kind: str
    name: str
    spoil: Callable[[bytes], bytes]
    field: str = ''

    def __str__(self):
        return f'{self.kind}-{self.name}'
