"""Follow the lesions of a patient from one CT scan to the next.

Examples:
    python tools/follow.py found_a found_b --out followed
    python tools/follow.py a.nii.gz b.nii.gz --model FILE --out followed
    python tools/follow.py found_a b.nii.gz CONFIG CHECKPOINT --out followed

BASELINE and FOLLOWUP are results folders of tools/infer.py, or scans, which
the detector then runs on. The scans are registered, rigidly and then
deformably, and the lesions matched one to one: matched with their growth, new,
gone, outside of the other scan, or uncertain. Writes follow_up.html, a
page with both scans, and follow_up.json and .csv, with the RECIST 1.1
arithmetic on the sum of target diameters; for a DICOM series follow_up.dcm,
too, a Structured Report.
Exit code 3: the registration failed, and all lesions are uncertain.
Arithmetic, not a diagnosis; not a medical device.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments, scan_arguments, types
from mmuldor.cli.errors import user_errors
from mmuldor.commands import command_name


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = arguments.make_parser(__doc__)
    add = parser.add_argument
    results = f'results folder of {command_name("infer")}, or a scan'
    add('baseline', metavar='BASELINE', type=types.path, help=results)
    add('follow_up', metavar='FOLLOWUP', type=types.path, help=results)
    add('detector', nargs='*', default=[], metavar='CONFIG CHECKPOINT',
        type=types.path, help='if one of both is a scan')  # fmt: skip
    scan_arguments.add_model(parser)
    arguments.add_out(parser)
    add(
        '--targets',
        type=types.count,
        nargs='+',
        metavar='N',
        help='numbers of the target lesions of the baseline (default: the '
        'largest measurable ones, up to five, two an organ)',
    )
    for name in ('baseline', 'follow-up'):
        add(
            f'--{name}-scan',
            type=types.path,
            metavar='SCAN',
            help=f'where the scan of the {name} results lies now',
        )
    add(
        '--score-thr',
        type=types.share,
        help='discard lesions of a lower score when a scan is given',
    )
    add('--device', type=types.device, help='cpu, cuda:0, ... of the detector')
    arguments.add_accept_values(parser)
    args = parser.parse_intermixed_args(argv)
    scan_arguments.refuse_bundle(parser, [args.follow_up, *args.detector])
    if len(args.detector) not in ((0,) if args.model else (0, 2)):
        parser.error(
            'BASELINE FOLLOWUP must be followed by CONFIG CHECKPOINT, by '
            f'--model or by nothing, but got {args.detector} and {args.model}'
        )
    return args


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Follow and write."""
    args = parse_args(argv)
    from mmuldor.io.progress import progress_bar
    from mmuldor.scans.follow_up.run import follow_results
    from mmuldor.scans.follow_up.summary import summary_lines

    found = follow_results(
        *_results(args),
        args.out,
        scans=(args.baseline_scan, args.follow_up_scan),
        targets=args.targets,
        progress=lambda items, total, text: progress_bar(items, text, total),
    )
    print(*summary_lines(found), f'written to {args.out}', sep='\n')
    if found.problem:
        sys.exit(3)


def _results(args: argparse.Namespace) -> list[str]:
    """Two results folders; the detector runs on what is a scan."""
    from mmuldor.scans.follow_up.results_folder import scans_among

    paths = [args.baseline, args.follow_up]
    model = [args.model] if args.model else []
    settings = [v for v in (args.score_thr, args.device) if v is not None]
    if not scans_among(paths, args.detector or model, settings):
        return paths
    # Late: importing torch takes seconds.
    from mmuldor.apis.follow_up import infer_results
    from mmuldor.apis.infer import load_model

    return infer_results(
        paths,
        *load_model(*(args.detector or (None, None)), args.model),
        args.out,
        accept_values=args.accept_values,
        score_thr=args.score_thr,
        device=args.device,
    )


if __name__ == '__main__':
    main()
