"""Write a trained model as one file to hand on: a bundle.

Examples:
    python tools/publish_model.py epoch_12.pth --out published \\
        --froc comparison.json --calibration calibration.json \\
        --data 'DeepLesion, official training split'
    python tools/infer.py scan.nii.gz --model published/NAME-HASH.mmuldor \\
        --out found

The file is a zip archive (unzip -l): weights, the part of the config that
inference needs, calibration, model card, versions, checksums. Loading it runs
nothing. The checkpoint is read safely, too, and the config that it records is
taken as data. --froc, --data, --licence and --limits go onto the card alone.
With --pair: the weights as a .pth file, and a card, as two files.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments, types
from mmuldor.cli.errors import user_errors
from mmuldor.commands import command_line, command_name


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = arguments.make_parser(__doc__)
    add = parser.add_argument
    add('checkpoint', type=types.path, help='file of a training')
    arguments.add_out(parser)
    add(
        '--config',
        type=types.path,
        help='config of the training (default: what the checkpoint records)',
    )
    add(
        '--calibration',
        type=types.path,
        help=f'file of {command_name("calibrate")} --volumes for this model; '
        'inference then uses its threshold and probabilities by default',
    )
    add(
        '--name',
        type=types.text,
        help="first part of the file names (default: the config's)",
    )
    add(
        '--froc',
        type=types.path,
        help=f'for the card: comparison.json of {command_name("compare")}, '
        f'which has intervals, or froc.json of {command_name("froc")}',
    )
    add(
        '--row',
        type=types.text,
        help='the method in comparison.json, if it has several',
    )
    add(
        '--data',
        type=types.text,
        help='for the card: what the model was trained on',
    )
    add(
        '--licence',
        type=types.text,
        default='not stated',
        help='for the card: licence of the weights (default: %(default)s)',
    )
    add(
        '--limits',
        type=types.text,
        help='for the card, added to its limits: where the model must not be '
        'used',
    )
    add('--pair', action='store_true', help='write weights and card alone')
    args = parser.parse_args(argv)
    if args.pair and (args.config or args.calibration):
        parser.error(
            '--config and --calibration must be used without --pair, which '
            'writes weights and card alone'
        )
    return args


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Publish."""
    args = vars(parse_args(argv))
    checkpoint, out, pair = map(args.pop, ('checkpoint', 'out', 'pair'))
    # Checkpoints are read safely once this package is imported.
    import mmuldor.apis  # noqa: F401
    from mmuldor.apis.bundle.publish import Statements, publish_bundle
    from mmuldor.apis.publish import publish_model

    if pair:
        del args['config'], args['calibration']
        for path in publish_model(checkpoint, out, **args):
            print(f'wrote {path}')
        return
    words = {name: args.pop(name) for name in ('data', 'licence', 'limits')}
    file = publish_bundle(
        checkpoint, out, statements=Statements(**words), **args
    )
    print(f'wrote {file}')
    use = command_line('infer', f'SCAN --model {file} --out found')
    print(f'use it: {use}')


if __name__ == '__main__':
    main()
