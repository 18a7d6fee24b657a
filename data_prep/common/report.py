"""Reports of conversions."""

from __future__ import annotations

import sys
from typing import Protocol

from rich.console import Console


class Report(Protocol):
    """The result of a conversion."""

    def show(self, console: Console) -> None:
        """Print the counts."""

    def warnings(self) -> list[str]:
        """Lines that a user should read."""


def show_report(report: Report) -> None:
    """Print the counts on stdout and warnings on stderr."""
    report.show(Console())
    for warning in report.warnings():
        print(f'warning: {warning}', file=sys.stderr)
