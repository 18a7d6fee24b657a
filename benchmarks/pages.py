"""Pages that a command measures for, or writes again from what is kept."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.timing import ROOT
from mmuldor.io.json_files import replacing


def page_parser(
    description: str | None, work: str = 'measure'
) -> argparse.ArgumentParser:
    """A command line with ``--write``.

    Args:
        description: Text of ``--help``.
        work: What ``--write`` leaves out, a verb.
    """
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--write', action='store_true', help=f'{work} nothing, write the page'
    )
    return parser


def write_page(path: Path, text: str) -> None:
    """Write a page of the project and say so."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding='utf-8')
    print(f'wrote {path.relative_to(ROOT)}')
