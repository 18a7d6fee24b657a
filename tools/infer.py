"""Find the lesions of a CT scan: NIfTI file, DICOM folder or PNG slices.

Examples:
    python tools/infer.py scan.nii.gz CONFIG CHECKPOINT --out found
    python tools/infer.py dicom/ CONFIG CHECKPOINT --out found --series 1.2.3
    python tools/infer.py Images_png/000001_03_01 CONFIG CHECKPOINT \\
        --spacing 0.8 0.8 1.0 --out found

Writes report.html, a page to scroll through the scan and its lesions in a
browser; lesions.json, lesions.csv, labels.nii.gz and one picture per lesion;
and for a DICOM series lesions.dcm, a Segmentation object for archives and
viewers. Not a medical device.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments
from mmuldor.cli.errors import user_errors


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = arguments.make_parser(__doc__)
    parser.add_argument('scan', help='.nii, .nii.gz or a folder')
    parser.add_argument('config', help='config file of the training')
    parser.add_argument('checkpoint', help='its weights')
    arguments.add_out(parser)
    parser.add_argument(
        '--series',
        dest='series_uid',
        help='UID of one of several DICOM series',
    )
    arguments.add_spacing(parser, 'PNG slices')
    parser.add_argument(
        '--score-thr',
        type=float,
        help='discard detections of a lower score (default: the threshold '
        'of the calibration, or 0.3)',
    )
    parser.add_argument(
        '--calibration', help='file of tools/calibrate.py: probabilities'
    )
    arguments.add_operating_point(parser, ' of the calibration')
    parser.add_argument(
        '--tta',
        action='store_true',
        help='average over flips and neighbouring slices',
    )
    parser.add_argument(
        '--step-mm', type=float, help='detect on one slice per so many mm'
    )
    parser.add_argument('--device', help='cpu, cuda:0, ... (default: a GPU)')
    parser.add_argument('--batch-size', type=int, default=4)
    return parser.parse_args(argv)


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Detect and write."""
    args = vars(parse_args(argv))
    scan, checkpoint, out = map(args.pop, ('scan', 'checkpoint', 'out'))
    from mmuldor.apis import load_config
    from mmuldor.apis.infer import infer_scan

    config = load_config(args.pop('config'))
    args['spacing_mm'] = args.pop('spacing')
    lesions, notes = infer_scan(scan, config, checkpoint, out, **args)
    for note in notes:
        print(f'note: {note}')
    print(f'{len(lesions)} lesions, written to {out}')
    print(f'open in a browser: {Path(out) / "report.html"}')


if __name__ == '__main__':
    main()
