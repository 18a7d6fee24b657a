"""Say what is installed: versions, operators, devices, paths.

Example:
    python tools/info.py             for a bug report
    python tools/info.py --json      for a program

Works where packages are missing or broken, and says which ones.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli.arguments import make_parser
from mmuldor.cli.errors import user_errors
from mmuldor.cli.installation import describe, installation


def main(argv: list[str] | None = None) -> None:
    """Look and print."""
    parser = make_parser(__doc__)
    parser.add_argument('--json', action='store_true', help='print JSON')
    args = parser.parse_args(argv)
    found = installation()
    print(json.dumps(found, indent=1) if args.json else describe(found))


if __name__ == '__main__':
    with user_errors():
        main()
