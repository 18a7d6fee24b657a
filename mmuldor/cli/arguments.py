"""Command-line arguments that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, Protocol

from mmuldor.cli import types
from mmuldor.cli.parser import Parser
from mmuldor.commands import in_help, program_name

OFFSETS_PX = (0, 0.5, 1)


class Container(Protocol):
    """A parser, or one of its groups of arguments."""

    def add_argument(self, *names: str, **settings: Any) -> Any:
        """Define an argument."""


def make_parser(doc: str | None) -> Parser:
    """A parser whose help is a command's docstring, line breaks unchanged.

    Files of a clone are named there; the help says what is typed here.
    """
    return Parser(
        prog=program_name(),
        description=in_help(doc or ''),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_annotations(
    parser: argparse.ArgumentParser, what: str = 'of the split'
) -> None:
    """``--ann FILE``."""
    parser.add_argument(
        '--ann', type=types.path, required=True, help=f'annotation JSON {what}'
    )


def add_lesion_category(
    parser: argparse.ArgumentParser, what: str = 'annotations'
) -> None:
    """``--lesion-category NAME [NAME ...]``."""
    parser.add_argument(
        '--lesion-category',
        type=types.text,
        nargs='+',
        metavar='NAME',
        help=f'names or ids of the categories of the {what} that are '
        'lesions; boxes of others are left out (default: the only category, '
        'whatever its id)',
    )


def add_images(
    parser: argparse.ArgumentParser, what: str = 'folder of the images'
) -> None:
    """``--images FOLDER``."""
    parser.add_argument('--images', type=types.path, required=True, help=what)


def add_out(
    parser: argparse.ArgumentParser,
    what: str = 'folder to write to',
    kind: Any = types.path,
) -> None:
    """``--out``, a folder or a file."""
    parser.add_argument('--out', type=kind, required=True, help=what)


def add_folds(parser: argparse.ArgumentParser) -> None:
    """``--ann FILE [FILE ...]`` and ``--dets FILE [FILE ...]``."""
    parser.add_argument(
        '--ann',
        type=types.path,
        nargs='+',
        required=True,
        metavar='FILE',
        help='annotation JSON of the split; of a cross-validation, those of '
        'all folds, whose images are evaluated as one',
    )
    parser.add_argument(
        '--dets',
        type=types.path,
        nargs='+',
        required=True,
        metavar='FILE',
        help='results JSON, or a work dir with a results.json; of each fold '
        'one, in any order',
    )


def add_seed(parser: argparse.ArgumentParser, what: str) -> None:
    """``--seed N``."""
    parser.add_argument('--seed', type=types.seed, default=0, help=what)


def add_workers(
    parser: argparse.ArgumentParser,
    default: int,
    what: str = 'threads',
    *,
    least: int = 1,
) -> None:
    """``--workers N``, at least `least`."""
    parser.add_argument(
        '--workers',
        type=types.whole_number(least),
        default=default,
        metavar='N',
        help=f'{what} (default {default})',
    )


def add_runs(parser: argparse.ArgumentParser) -> None:
    """``--run NAME=FILE``, for `mmuldor.cli.pairs.parse_runs`."""
    parser.add_argument(
        '--run',
        type=types.pair('NAME=FILE', '='),
        action='append',
        required=True,
        metavar='NAME=FILE',
        help='results JSON or work dir, and the name of its row; may be given '
        'often',
    )


def add_with_fp(parser: argparse.ArgumentParser) -> None:
    """``--with-fp NAME``."""
    parser.add_argument(
        '--with-fp',
        type=types.text,
        action='append',
        default=[],
        metavar='NAME',
        help='add a row "NAME + FP": its false-positive class counts too',
    )


def add_fp_rates(
    parser: argparse.ArgumentParser,
    default: Sequence[float],
    unit: str = 'image',
) -> None:
    """``--fp-rates FPS [FPS ...]``."""
    parser.add_argument(
        '--fp-rates',
        type=types.not_negative,
        action=types.Rising,
        nargs='+',
        default=default,
        metavar='FPS',
        help=f'FPs per {unit} at which sensitivity is reported '
        f'(default {" ".join(f"{rate:g}" for rate in default)})',
    )


def add_hit(parser: argparse.ArgumentParser, iou_thr: float) -> None:
    """``--iou-thr IOU``."""
    parser.add_argument(
        '--iou-thr',
        type=types.fraction,
        default=iou_thr,
        help=f'IoU of a hit (default {iou_thr})',
    )


def add_volume_rules(
    parser: argparse.ArgumentParser,
    split: str,
    hit_rules: Sequence[str],
    iou_thr: float,
) -> None:
    """``--split``, ``--hit`` and ``--iou-thr`` of lesions in volumes.

    Args:
        parser: To add them to.
        split: The default split.
        hit_rules: Choices of ``--hit``.
        iou_thr: Default of ``--iou-thr``.
    """
    parser.add_argument(
        '--split',
        choices=('train', 'val', 'test', 'all'),
        default=split,
        help=f'volumes that count (default {split})',
    )
    parser.add_argument(
        '--hit',
        choices=hit_rules,
        default='iou',
        help="iou: 3-D IoU (default); center: centre in the lesion's box; "
        'radius: centres nearer than half of its longest side (LUNA16)',
    )
    add_hit(parser, iou_thr)


def refuse_volume_rules(
    args: argparse.Namespace, split: str, iou_thr: float
) -> None:
    """Raise ValueError for rules of volumes where there are none.

    Args:
        args: With the arguments of :func:`add_volume_rules`.
        split: Its default of the split.
        iou_thr: Its default of the IoU.
    """
    for option, value, usual in (
        ('--split', args.split, split),
        ('--hit', args.hit, 'iou'),
        ('--iou-thr', args.iou_thr, iou_thr),
    ):
        if value != usual:
            raise ValueError(
                f'{option} must be used with --volumes, but got {value} '
                'without. Leave it out.'
            )


def add_fps_per_image(parser: argparse.ArgumentParser) -> None:
    """``--fps-per-image RATE``."""
    parser.add_argument(
        '--fps-per-image',
        type=types.not_negative,
        default=2.0,
        help='operating point of the figures (default 2)',
    )


def add_curve_outputs(parser: argparse.ArgumentParser) -> None:
    """``--out FILE`` and ``--plot FILE`` of an evaluation, both optional."""
    parser.add_argument(
        '--out', type=types.json_file, help='write the results to this JSON'
    )
    parser.add_argument(
        '--plot',
        type=types.picture,
        help='draw the curve to this file (.png, .pdf, .svg)',
    )


def add_operating_point(
    parser: argparse.ArgumentParser, default: str = ''
) -> Container:
    """``--fps RATE`` or ``--sensitivity FRACTION``.

    Returns:
        Their group, of which one argument alone may be given.
    """
    point = parser.add_mutually_exclusive_group()
    point.add_argument(
        '--fps',
        type=types.not_negative,
        help=f'operating point: FPs per volume{default}',
    )
    point.add_argument(
        '--sensitivity',
        type=types.fraction,
        help='operating point: sensitivity, a fraction',
    )
    return point


def add_spacing(parser: Container, of: str) -> None:
    """``--spacing COLUMNS ROWS SLICES``, for a parser or a group."""
    parser.add_argument(
        '--spacing',
        type=types.positive,
        nargs=3,
        metavar=('COLUMNS', 'ROWS', 'SLICES'),
        help=f'in mm, of {of}',
    )


def add_accept_values(parser: argparse.ArgumentParser) -> None:
    """``--accept-values``."""
    parser.add_argument(
        '--accept-values',
        action='store_true',
        help='note values that cannot be Hounsfield units, do not refuse '
        'them: phantoms, synthetic CT, small crops',
    )


def add_offset(parser: argparse.ArgumentParser, default: float) -> None:
    """``--offset-px``: the origin of box coordinates."""
    parser.add_argument(
        '--offset-px',
        type=float,
        choices=OFFSETS_PX,
        default=default,
        help="coordinate of the first pixel's centre in boxes: 0, as in our "
        "annotations; 0.5, if the pixel's outer edge is 0 (COCO, torch, "
        'mmdet, pycocotools); 1, if pixels count from 1 (DL_info.csv, '
        f'MATLAB); default {default:g}',
    )
