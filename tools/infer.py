"""Find the lesions of CT scans: NIfTI files, DICOM folders or PNG slices.

Examples:
    python tools/infer.py scan.nii.gz --model MODEL.mmuldor --out found
    python tools/infer.py scan.nii.gz CONFIG CHECKPOINT --out found
    python tools/infer.py dicom/ CONFIG CHECKPOINT --out found --series 1.2.3
    python tools/infer.py png CONFIG CHECKPOINT --spacing 0.8 0.8 1 --out found
    python tools/infer.py a.nii.gz b.nii.gz --model FILE --out found
    python tools/infer.py --scans-in scans --model FILE --out found

Writes report.html, a page to scroll through the scan and its lesions in a
browser; lesions.json, lesions.csv, labels.nii.gz, lesions.mrk.json for 3D
Slicer and one picture per lesion; and for a DICOM series lesions.dcm, a
Segmentation object, and lesions_sr.dcm, a Structured Report. Several scans get
a folder each, and tables of all: all_lesions.csv, all_scans.csv. Exit code 3:
some of the scans failed. Not a medical device.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments, scan_arguments, types
from mmuldor.cli.errors import user_errors


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = arguments.make_parser(__doc__)
    add = parser.add_argument
    scan_arguments.add_scans(parser)
    add(
        '--series',
        dest='series_uid',
        type=types.text,
        help='UID of one of several DICOM series',
    )
    arguments.add_spacing(parser, 'PNG slices')
    scan_arguments.add_detection(parser)
    add('--truth', type=types.path, help='volumes.json: marks hits and misses')
    add('--device', type=_usable_device, help='cpu, cuda:0 (default: a GPU)')
    return scan_arguments.parse_scans(parser, argv)


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
    names = ('scan', 'scans_from', 'scans_in', 'one', 'checkpoint', 'out')
    *scans, one, checkpoint, out = map(args.pop, names)
    from mmuldor.apis.infer import infer_scan, load_model
    from mmuldor.apis.many_scans.run import infer_list

    files = args.pop('config'), checkpoint, args.pop('model')
    config, checkpoint = load_model(*files)
    args['spacing_mm'] = args.pop('spacing')
    args.update(scan_arguments.detection_settings(args))
    for name in ('skip_done', 'launcher') if one else ('series_uid',):
        del args[name]
    if not one:
        outcomes = infer_list(*scans, config, checkpoint, out, **args)
        sys.exit(3 if any(outcome.failed for outcome in outcomes) else 0)
    ((scan,), _, _) = scans
    lesions, notes = infer_scan(scan, config, checkpoint, out, **args)
    for note in notes:
        print(f'note: {note}')
    ending = '' if len(lesions) == 1 else 's'
    print(f'{len(lesions)} lesion{ending}, written to {out}')
    print(f'open in a browser: {Path(out) / "report.html"}')


if __name__ == '__main__':
    main()
