"""Find the lesions of the CT series of a PACS and store the results there.

Examples:
    python tools/pacs.py --dicomweb https://pacs:8043/dicom-web --work state \\
        --model uldor.mmuldor
    python tools/pacs.py --dicomweb http://localhost:8042/dicom-web --once \\
        --work state CONFIG CHECKPOINT

Each axial CT series that has stopped to grow gets a DICOM Segmentation and a
Structured Report, once for a model and its settings. Processes with one --work
share the series. Says UIDs and counts alone; why a series was left alone lies
in --work. Ctrl-C or SIGTERM end it at any time. Exit code 3: with --once, some
of the series are not done. docs/pacs.md has more. Not a medical device.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments, scan_arguments, types
from mmuldor.cli.errors import user_errors
from mmuldor.pacs.arguments import (
    add_model,
    add_plan,
    add_server,
    check_model,
    search_filters,
)
from mmuldor.pacs.dicomweb.access import Access
from mmuldor.pacs.running import discreet, say, stopped_by_signals, where
from mmuldor.pacs.service import Plan


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = arguments.make_parser(__doc__)
    add_model(parser)
    add_server(parser)
    add_plan(parser)
    arguments.add_accept_values(parser)
    scan_arguments.add_detection(parser)
    parser.add_argument('--device', type=types.device, help='default: a GPU')
    args = parser.parse_intermixed_args(argv)
    check_model(parser, args)
    return args


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Work until the end."""
    args = parse_args(argv)
    with discreet(), stopped_by_signals():
        sys.exit(_run(args))


def _run(args: argparse.Namespace) -> int:
    access = Access(
        args.dicomweb,
        args.credentials,
        args.ca_file,
        args.insecure_tls,
        args.timeout_s,
    )
    plan = Plan(
        args.every_s, args.once, search_filters(args.days, args.filter)
    )
    chosen = scan_arguments.detection_settings(vars(args))
    try:
        # Late: importing torch takes seconds.
        from mmuldor.apis.infer import load_model
        from mmuldor.apis.pacs import serve_pacs
        from mmuldor.apis.scan_inference import InferenceSettings

        counts = serve_pacs(
            access,
            *load_model(args.config, args.checkpoint, args.model),
            args.work,
            plan,
            settings=InferenceSettings(device=args.device, **chosen),
            accept_values=args.accept_values,
            rest_s=args.rest_s,
            give_up_s=args.give_up_s,
            say=say,
        )
    except KeyboardInterrupt:
        say('stopped')
        return 130 if args.once else 0
    except (ValueError, OSError, MemoryError):
        raise
    except Exception as error:
        # Its message may quote a patient.
        say(f'ended by a bug: {where(error)}')
        return 1
    return 0 if set(counts) <= {'done', 'other'} else 3


if __name__ == '__main__':
    main()
