"""Arguments of both commands for own data, and their summary."""

from __future__ import annotations

import argparse
import os
from typing import Any

from mmuldor.cli import arguments, types

from ..common.fold_splits import add_fold_arguments
from ..common.report import show_report
from .options import WINDOW_HU
from .patient_names import OPTION as PATIENT_OPTION
from .report import OwnDataReport

PATIENTS_HELP = (
    'CSV with the columns file and patient, and split (train, val or test) '
    'where you choose it; without it {what}'
)


def add_arguments(parser: argparse.ArgumentParser, what: str) -> None:
    """Add them; `what` says how patients are found without a table."""
    arguments.add_out(parser, 'folder to make')
    add = parser.add_argument
    add(
        '--split',
        type=types.share,
        action=types.Shares,
        nargs=3,
        metavar=('TRAIN', 'VAL', 'TEST'),
        help='shares of patients (default 0.7 0.15 0.15)',
    )
    arguments.add_seed(parser, 'of the draw')
    add_fold_arguments(parser)
    add(
        '--patients',
        type=types.path,
        metavar='CSV',
        help=PATIENTS_HELP.format(what=what),
    )
    add(
        PATIENT_OPTION,
        type=types.text,
        metavar='REGEX',
        help='regular expression that finds the patient in the name of a '
        'file, with its folders and without suffix: its first group, as in '
        "'([^/_]+)_[^/]*$' for P0_000.png",
    )
    arguments.add_accept_values(parser)
    add(
        '--neighbours',
        type=types.whole_number(0),
        default=3,
        metavar='K',
        help='slices written on each side of a key slice (default 3)',
    )
    add(
        '--window',
        type=types.finite,
        action=types.Rising,
        nargs=2,
        default=WINDOW_HU,
        metavar=('LOW', 'HIGH'),
        help='HU that pictures show (default -160 240)',
    )


def shared_options(args: argparse.Namespace) -> dict[str, Any]:
    """The options that `VolumeOptions` and `SliceOptions` share."""
    return {
        'split': args.split,
        'seed': args.seed,
        'folds': args.folds,
        'fold': args.fold,
        'patients': args.patients,
        'patient_from': args.patient_from,
        'accept_values': args.accept_values,
        'neighbours': args.neighbours,
        'window_hu': tuple(args.window),
    }


def show_result(
    report: OwnDataReport, args: argparse.Namespace, note: str
) -> None:
    """Print counts, warnings and the output; `note` if no patient is given."""
    show_report(report)
    if not args.patients and not args.patient_from:
        print(f'{note}; --patients or --patient-from says otherwise')
    print(f'wrote {", ".join(sorted(os.listdir(args.out)))} to {args.out}')
