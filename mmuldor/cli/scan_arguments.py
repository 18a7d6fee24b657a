"""Arguments of commands that take one scan or many."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import Any

from mmuldor.cli import arguments, types
from mmuldor.commands import BUNDLE_SUFFIX, command_name

LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')


def add_scans(parser: argparse.ArgumentParser) -> None:
    """Scans, model or config and checkpoint, and what many scans need.

    To be parsed by :func:`parse_scans`.
    """
    add = parser.add_argument
    add(
        'scan',
        nargs='*',
        default=[],
        metavar='SCAN',
        help='.nii, .nii.gz, a DICOM file or a folder',
    )
    add(
        'config',
        nargs='?',
        metavar='CONFIG',
        help='config file of the training, if not --model',
    )
    add(
        'checkpoint',
        nargs='?',
        metavar='CHECKPOINT',
        help='its weights',
    )
    add_model(parser)
    arguments.add_out(parser, 'folder to write to; with several scans, of one')
    arguments.add_accept_values(parser)
    lists = parser.add_mutually_exclusive_group()
    lists.add_argument(
        '--scans-from',
        type=types.path,
        metavar='LIST',
        help='text file that names a scan a line',
    )
    lists.add_argument(
        '--scans-in',
        type=types.path,
        metavar='FOLDER',
        help='each file and sub-folder of this folder is a scan',
    )
    add(
        '--skip-done',
        action='store_true',
        help='of several scans, leave out those whose results are whole and '
        'of the same files, model and settings',
    )
    add(
        '--launcher',
        choices=LAUNCHERS,
        default='none',
        help='share several scans among the processes of this launcher',
    )
    # torch.distributed.launch passes it; LOCAL_RANK says the same.
    add('--local_rank', '--local-rank', type=int, help=argparse.SUPPRESS)


def add_model(parser: argparse.ArgumentParser) -> None:
    """``--model FILE``."""
    parser.add_argument(
        '--model',
        type=types.path,
        metavar='FILE',
        help=f'of {command_name("publish")}, in place of CONFIG and '
        'CHECKPOINT',
    )


def add_detection(parser: argparse.ArgumentParser) -> None:
    """How a detector runs on a scan; see :func:`detection_settings`."""
    add = parser.add_argument
    add(
        '--calibration',
        type=types.path,
        help=f"of {command_name('calibrate')} --volumes; default: the model's",
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
    add('--batch-size', type=types.count, default=4, help='default 4')
    add(
        '--whole-slices',
        dest='crop_to_body',
        action='store_false',
        help='run the network on the air around the body, too (slower)',
    )


def detection_settings(args: dict[str, Any]) -> dict[str, Any]:
    """Take what :func:`add_detection` added out of arguments.

    Returns:
        It by the names that :class:`mmuldor.apis.scan_inference.
        InferenceSettings` has for it.
    """
    names = ('calibration', 'sensitivity', 'score_thr', 'tta', 'step_mm')
    settings = {
        name: args.pop(name) for name in (*names, 'batch_size', 'crop_to_body')
    }
    return {**settings, 'fps_per_volume': args.pop('fps')}


def parse_scans(
    parser: argparse.ArgumentParser, argv: Sequence[str] | None
) -> argparse.Namespace:
    """Parse a command line of :func:`add_scans`; scans and options may mix.

    ``scan`` becomes a list, ``one`` says whether the results of a single scan
    go into ``--out`` itself.
    """
    args = parser.parse_intermixed_args(argv)
    del args.local_rank
    listed = args.scans_from or args.scans_in
    # SCAN takes all names: how many are not scans depends on --model.
    given = args.scan
    _check_order(parser, given, args.model)
    if args.model is None:
        args.scan, model = given[:-2], given[-2:]
        args.config, args.checkpoint = [*model, None, None][:2]
    has_model = args.model is not None or args.checkpoint is not None
    if not has_model or not (args.scan or listed):
        parser.error(
            'SCAN, CONFIG and CHECKPOINT must be given, or SCAN and --model, '
            'or --scans-from or --scans-in in place of SCAN, but got '
            f'{given}'
        )
    _check_names(parser, args)
    if args.scan and listed:
        parser.error(
            'scans must be given in one way, but got SCAN '
            f'{args.scan[0]!r} beside --scans-from or --scans-in'
        )
    args.one = len(args.scan) == 1
    if args.one:
        for name in ('skip_done', 'launcher'):
            if getattr(args, name) not in (False, 'none'):
                parser.error(
                    f'--{name.replace("_", "-")} must be used with several '
                    'scans, but got one'
                )
    elif args.series_uid is not None:
        parser.error(
            '--series must be used with one scan, but got several; name the '
            'folder of the series, or run them one by one'
        )
    return args


def _check_names(
    parser: argparse.ArgumentParser, args: argparse.Namespace
) -> None:
    """Refuse an empty name, as `types.path` does where argparse knows it."""
    names = [('SCAN', name) for name in args.scan]
    names += [('CONFIG', args.config), ('CHECKPOINT', args.checkpoint)]
    for argument, name in names:
        try:
            types.path('-' if name is None else name)
        except argparse.ArgumentTypeError as error:
            parser.error(f'argument {argument}: {error}')


def _check_order(
    parser: argparse.ArgumentParser, given: Sequence[str], model: str | None
) -> None:
    """Refuse a config that is not the last but one of the names."""
    for name in given:
        # A list in a shell is written without commas.
        if name.endswith(',') and not os.path.exists(name):
            parser.error(
                'names must be separated by spaces, without commas, but got '
                f'{name!r}'
            )
    configs = [k for k, name in enumerate(given) if name.endswith('.py')]
    weights = [k for k, name in enumerate(given) if _is_weights(name)]
    if model and (configs or weights):
        parser.error(
            'CONFIG and CHECKPOINT must be left out with --model, but got '
            f'{given[(configs + weights)[0]]!r}'
        )
    if not model:
        refuse_bundle(parser, given)
    last = len(given) - 1
    if configs == [last] and not weights:
        parser.error(
            'the last two arguments must be CONFIG and CHECKPOINT, but the '
            f'last one is {given[-1]!r}: the checkpoint is missing'
        )
    wrong = [k for k in configs if k != last - 1]
    wrong += [k for k in weights if k != last]
    if wrong:
        parser.error(
            'the order must be SCAN CONFIG CHECKPOINT, but got '
            f'{given[wrong[0]]!r} as number {wrong[0] + 1} of {len(given)}'
        )


def _is_weights(name: str) -> bool:
    return name.endswith(('.pth', '.pt', '.ckpt', BUNDLE_SUFFIX))


def refuse_bundle(
    parser: argparse.ArgumentParser, names: Sequence[str]
) -> None:
    """Refuse a model's one file that stands alone where no option is.

    After a config it may stand as its checkpoint.
    """
    if any(name.endswith('.py') for name in names):
        return
    for name in names:
        if name.endswith(BUNDLE_SUFFIX):
            parser.error(
                'a model in one file must be given as --model FILE, but got '
                f'{name!r} alone: type --model {name}'
            )
