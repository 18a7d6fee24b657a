"""Convert other detectors' results into those that tools/froc.py reads.

Examples:
    python tools/convert_results.py results.json --images-file their.json \\
        --ann test.json --out dets.json
    python tools/convert_results.py boxes.csv --ann test.json \\
        --out dets.json --boxes inclusive --offset-px 1
    python tools/convert_results.py runs/labels --classes 0=lesion 1=drop \\
        --ann test.json --out dets.json
    python tools/convert_results.py dets.npz --write-ann test.json \\
        --out dets.json

A COCO list is matched by file names: --images-file is the COCO file that its
image ids are of. Numbers in file names, as Ultralytics writes them for ids,
are found by themselves, or by --image-ids where they may be ids of --ann, too.
A CSV (commas, semicolons or tabs) has the columns image, x1, y1, x2, y2 (x, y,
w, h with --boxes xywh and inclusive), score and maybe label. A folder holds
YOLO's NAME.txt: class cx cy w h confidence, as shares of the image. NumPy's
npz has names, counts and dets (x1 y1 x2 y2 score); --write-ann writes lesions
that it holds (gt_counts, gts) as annotations.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments, conversion_arguments, types
from mmuldor.cli.errors import user_errors
from mmuldor.evaluation.conversion import convert
from mmuldor.evaluation.image_ids import IMAGE_IDS
from mmuldor.evaluation.image_ids import OPTION as IDS_OPTION
from mmuldor.evaluation.results import write_results
from mmuldor.io.json_files import write_json
from mmuldor.io.paths import check_outputs


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = arguments.make_parser(__doc__)
    conversion_arguments.add_inputs(parser)
    arguments.add_out(parser, 'results JSON to write', types.json_file)
    parser.add_argument(
        '--format',
        choices=convert.FORMATS,
        help='default: by the suffix of the results',
    )
    parser.add_argument(
        '--boxes',
        choices=convert.BOXES,
        help='xyxy: corners (default of CSV and npz); xywh: w is x2 - x1 '
        '(default of COCO); inclusive: w is x2 - x1 + 1',
    )
    arguments.add_offset(parser, 0)
    conversion_arguments.add_classes(parser)
    parser.add_argument(
        IDS_OPTION,
        choices=IMAGE_IDS,
        help='what integers in a COCO list are, where both are possible: ids '
        'of --ann, or numbers in file names, as Ultralytics writes them',
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Convert and write."""
    args = parse_args(argv)
    inputs = [args.results, args.ann, args.images_file]
    check_outputs(inputs, (args.out, args.write_ann))
    pairs = [text.rpartition('=') for text in args.classes]
    kind = args.format or convert.guess_format(args.results)
    annotations = args.ann
    if args.write_ann:
        annotations = convert.annotations_in(
            args.results, kind, args.offset_px
        )
    results, counts = convert.convert_results(
        args.results,
        annotations,
        kind,
        convert.Convention(
            args.boxes or convert.DEFAULT_BOXES.get(kind, 'xywh'),
            args.offset_px,
            {theirs: ours for theirs, _, ours in pairs},
            args.class_column,
            args.image_ids,
        ),
        args.images_file,
        lambda text: print(f'note: {text}'),
    )
    if args.write_ann:
        write_json(args.write_ann, annotations)
    write_results(args.out, results)
    print(
        f'wrote {counts["detections"]} detections to {args.out} '
        f'({counts["dropped"]} dropped); {counts["images_without"]} of '
        f'{counts["images"]} images have none'
    )


if __name__ == '__main__':
    with user_errors():
        main()
