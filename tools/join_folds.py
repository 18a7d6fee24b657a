"""Join the tested splits and the results of a cross-validation's folds.

    python tools/join_folds.py --ann folds/{0,1,2,3,4}/test.json \\
        --dets work_dirs/fold_{0,1,2,3,4} --out work_dirs/folds

Writes OUT/test.json, the annotations of all images, and OUT/results.json, for
those that take one of each: tools/report.py, tools/figures.py,
tools/calibrate.py, tools/fuse.py. Results find their fold by their images.
tools/froc.py and tools/compare.py take the files of folds as they are.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments
from mmuldor.cli.errors import user_errors
from mmuldor.evaluation.folds import load_fold_annotations
from mmuldor.evaluation.results import RESULTS_NAME, results_file
from mmuldor.io.json_files import write_json_files
from mmuldor.io.paths import check_outputs, out_folder


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = arguments.make_parser(__doc__)
    arguments.add_folds(parser)
    arguments.add_lesion_category(parser)
    arguments.add_out(parser)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Read, check, write both files."""
    args = parse_args(argv)
    out = out_folder(args.out)
    dets = [results_file(path) for path in args.dets]
    outputs = (str(out / 'test.json'), str(out / RESULTS_NAME))
    check_outputs([*args.ann, *map(str, dets)], outputs)
    folds = load_fold_annotations(
        args.ann, lesion_category=args.lesion_category
    )
    results = folds.entries(dets)
    write_json_files(
        dict(zip(outputs, (folds.document, results), strict=True))
    )
    print(
        f'{len(folds.paths)} folds: {len(folds.document["images"])} images, '
        f'{len(results)} detections; wrote {" and ".join(outputs)}'
    )


if __name__ == '__main__':
    with user_errors():
        main()
