"""Fuse the results of several detectors or trainings into one.

Examples:
    python tools/fuse.py a.json b.json c.json --out fused.json
    python tools/fuse.py --tune a=a_val.json b=b_val.json --ann val.json \\
        --settings fusion.json
    python tools/fuse.py a=a_test.json b=b_test.json \\
        --settings fusion.json --out fused.json

Each of RESULTS is FILE or NAME=FILE, results of `tools/test.py --out`, or a
work dir with a `results.json`. The second command tunes method, IoU, weights
and the scale of scores on a validation split and writes them, the third one
uses them; both can be one command. Masks are fused where all results have
them, the lesion and the false-positive class apart.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments, fusion_arguments
from mmuldor.cli.errors import user_errors
from mmuldor.evaluation.comparison.named_runs import split_method
from mmuldor.evaluation.fusion import from_files
from mmuldor.evaluation.fusion.settings import Settings, load_settings
from mmuldor.evaluation.results import results_file
from mmuldor.functional.fusion.fusing import DEFAULT_IOU
from mmuldor.io.paths import check_outputs
from mmuldor.io.progress import progress_bar


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = arguments.make_parser(__doc__)
    fusion_arguments.add_files(parser)
    arguments.add_lesion_category(parser)
    fusion_arguments.add_method(parser, DEFAULT_IOU)
    args = parser.parse_intermixed_args(argv)
    problem = fusion_arguments.problem(args)
    if problem:
        parser.error(problem)
    return args


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Read, tune, fuse, write."""
    args = parse_args(argv)
    read, written = (
        ([], [args.settings]) if args.tune else ([args.settings], [])
    )
    results = [
        str(results_file(split_method(text)[1]))
        for text in [*args.results, *(args.tune or [])]
    ]
    check_outputs(
        [*results, args.ann, *read],
        [args.out, *written],
    )
    choices = from_files.Choices(
        args.boxes_only, args.lesion_only, print, progress_bar
    )
    inputs = None
    if args.results:
        ann = None if args.tune else args.ann
        inputs = from_files.read_files(args.results, choices, ann)
    if args.tune:
        settings = from_files.tune_files(
            args.tune, args.ann, args.settings, choices, args.lesion_category
        )
    elif args.settings:
        settings = load_settings(args.settings)
    else:
        settings = Settings.of(
            args.method, args.iou_thr, args.scores, args.weights
        )
    if inputs:
        named = any('=' in text for text in args.results)
        from_files.write_fused(
            args.out, inputs, settings, choices, named=named
        )


if __name__ == '__main__':
    main()
