"""Find the lesions of a CT scan: NIfTI file, DICOM folder or PNG slices.

Examples:
    python tools/infer.py scan.nii.gz CONFIG CHECKPOINT --out found
    python tools/infer.py dicom/ CONFIG CHECKPOINT --out found --series 1.2.3
    python tools/infer.py Images_png/000001_03_01 CONFIG CHECKPOINT \\
        --spacing 0.8 0.8 1.0 --out found

Writes report.html, a page to scroll through the scan and its lesions in a
browser; lesions.json, lesions.csv, labels.nii.gz and a picture a lesion; and
for a DICOM series lesions.dcm, a Segmentation object for archives and viewers.
Not a medical device.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli.errors import user_errors


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('scan', help='.nii, .nii.gz or a folder')
    parser.add_argument('config', help='config file of the training')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument('--out', required=True, help='folder to write to')
    parser.add_argument('--series', help='UID of one of several DICOM series')
    parser.add_argument(
        '--spacing',
        type=float,
        nargs=3,
        metavar=('COLUMNS', 'ROWS', 'SLICES'),
        help='of PNG slices, in mm',
    )
    parser.add_argument(
        '--score-thr',
        type=float,
        help='detections below do not exist (default: what the calibration '
        'chose, or 0.3)',
    )
    parser.add_argument(
        '--calibration', help='file of tools/calibrate.py: probabilities'
    )
    point = parser.add_mutually_exclusive_group()
    point.add_argument(
        '--fps',
        type=float,
        help='work at so many FPs an image (of the calibration)',
    )
    point.add_argument(
        '--sensitivity', type=float, help='or find such a share of the lesions'
    )
    parser.add_argument(
        '--tta',
        action='store_true',
        help='average over flips and neighbouring slices',
    )
    parser.add_argument(
        '--step-mm', type=float, help='look at one slice in each so many mm'
    )
    parser.add_argument('--device', help='cpu, cuda:0, ... (default: a GPU)')
    parser.add_argument('--batch-size', type=int, default=4)
    return parser.parse_args(argv)


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Detect and write."""
    args = parse_args(argv)
    from mmuldor.apis import load_config
    from mmuldor.apis.infer import infer_scan

    lesions, notes = infer_scan(
        args.scan,
        load_config(args.config),
        args.checkpoint,
        args.out,
        series_uid=args.series,
        spacing_mm=args.spacing,
        score_thr=args.score_thr,
        calibration=args.calibration,
        fps_per_image=args.fps,
        sensitivity=args.sensitivity,
        tta=args.tta,
        step_mm=args.step_mm,
        device=args.device,
        batch_size=args.batch_size,
    )
    for note in notes:
        print(f'note: {note}')
    print(f'{len(lesions)} lesions, written to {args.out}')
    print(f'to look at them: {Path(args.out) / "report.html"}')


if __name__ == '__main__':
    main()
