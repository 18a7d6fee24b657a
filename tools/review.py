"""Let a reader review mined negatives, and use the verdicts.

    python tools/review.py export --bank BANK.json \\
        --ann train.json --images Images_png --out review
    (view review/page_001.png and so on; write lesion, not or unsure into
    the column `verdict` of review/review.csv)
    python tools/review.py import --csv review/review.csv \\
        --bank BANK.json --ann train.json \\
        --exclude exclude.json --annotations train_reviewed.json

BANK.json is a file of WORK_DIR/hard_negatives. The option
`default_hooks.hnem.exclude=exclude.json` keeps what is a lesion or unsure
from being mined again; `train_reviewed.json` trains on the new lesions.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments, types
from mmuldor.cli.errors import user_errors
from mmuldor.io.paths import check_outputs


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = arguments.make_parser(__doc__)
    commands = parser.add_subparsers(dest='command', required=True)
    out = commands.add_parser('export', help='write contact sheets and a CSV')
    back = commands.add_parser('import', help='use a CSV with verdicts')
    arguments.add_images(out)
    arguments.add_out(out)
    back.add_argument(
        '--csv', type=types.path, required=True, help='the CSV with verdicts'
    )
    back.add_argument(
        '--exclude', type=types.json_file, help='write the exclude list here'
    )
    back.add_argument(
        '--annotations',
        type=types.json_file,
        help='write annotations with the new lesions here',
    )
    for command in (out, back):
        command.add_argument(
            '--bank',
            type=types.path,
            required=True,
            help='bank file of a round',
        )
        arguments.add_annotations(command, 'that was mined')
    args = parser.parse_args(argv)
    if args.command == 'import' and not (args.exclude or args.annotations):
        parser.error('import needs --exclude or --annotations, or both')
    return args


def main(argv: list[str] | None = None) -> None:
    """Export or import."""
    args = parse_args(argv)
    if args.command == 'export':
        # Late: a mistake in the arguments need not wait for matplotlib.
        from mmuldor.mining.review.export import export_review

        number = export_review(args.out, args.bank, args.ann, args.images)
        print(f'wrote {number} examples to {args.out}/review.csv')
        return
    from mmuldor.io.annotations import load_annotations
    from mmuldor.mining.review.verdicts import import_review

    check_outputs(
        (args.csv, args.bank, args.ann), (args.exclude, args.annotations)
    )
    counts = import_review(
        args.csv,
        args.bank,
        load_annotations(args.ann),
        exclude=args.exclude,
        annotations=args.annotations,
    )
    print(', '.join(f'{counts[v]} {v or "without"}' for v in sorted(counts)))


if __name__ == '__main__':
    with user_errors():
        main()
