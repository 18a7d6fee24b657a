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

from mmuldor.cli import arguments, types
from mmuldor.cli.errors import user_errors


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = arguments.make_parser(__doc__)
    add = parser.add_argument
    add(
        'scan',
        type=types.path,
        help='.nii, .nii.gz, DICOM file of many slices, or a folder',
    )
    add('config', type=types.path, help='config file of the training')
    add('checkpoint', type=types.path, help='its weights')
    arguments.add_out(parser)
    add(
        '--series',
        dest='series_uid',
        type=types.text,
        help='UID of one of several DICOM series',
    )
    arguments.add_spacing(parser, 'PNG slices')
    add(
        '--calibration',
        type=types.path,
        help='file of tools/calibrate.py --volumes: probabilities',
    )
    point = arguments.add_operating_point(parser, ' of the calibration')
    point.add_argument(
        '--score-thr',
        type=types.share,
        help='discard lesions of a lower score (default: the threshold '
        'of the calibration, or 0.3)',
    )
    add(
        '--tta',
        action='store_true',
        help='average over flips and neighbouring slices',
    )
    add(
        '--step-mm',
        type=types.positive,
        help='detect on one slice per so many mm',
    )
    add(
        '--device',
        type=_usable_device,
        help='cpu, cuda:0, ... (default: a GPU)',
    )
    add('--batch-size', type=types.count, default=4, help='default 4')
    add(
        '--whole-slices',
        dest='crop_to_body',
        action='store_false',
        help='run the network on the air around the body, too: slower, and '
        'the same lesions',
    )
    return parser.parse_args(argv)


def _usable_device(text: str) -> str:
    """A `type` for arguments: a device that torch can use here."""
    device = types.device(text)
    if device != 'cpu':
        # Late: importing torch takes seconds.
        from mmuldor.apis.settings import device_problem

        problem = device_problem(device)
        if problem:
            raise argparse.ArgumentTypeError(problem)
    return device


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Detect and write."""
    args = vars(parse_args(argv))
    scan, checkpoint, out = map(args.pop, ('scan', 'checkpoint', 'out'))
    from mmuldor.apis import load_config
    from mmuldor.apis.infer import infer_scan

    config = load_config(args.pop('config'))
    args['spacing_mm'] = args.pop('spacing')
    args['fps_per_volume'] = args.pop('fps')
    lesions, notes = infer_scan(scan, config, checkpoint, out, **args)
    for note in notes:
        print(f'note: {note}')
    print(f'{len(lesions)} lesions, written to {out}')
    print(f'open in a browser: {Path(out) / "report.html"}')


if __name__ == '__main__':
    main()
