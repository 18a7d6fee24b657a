"""Command-line arguments that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

OFFSETS_PX = (0, 0.5, 1)


def make_parser(doc: str | None) -> argparse.ArgumentParser:
    """A parser whose help is a command's docstring, line breaks unchanged."""
    return argparse.ArgumentParser(
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_annotations(
    parser: argparse.ArgumentParser, what: str = 'of the split'
) -> None:
    """``--ann FILE``."""
    parser.add_argument('--ann', required=True, help=f'annotation JSON {what}')


def add_detections(parser: argparse.ArgumentParser) -> None:
    """``--dets FILE``."""
    parser.add_argument('--dets', required=True, help='results JSON')


def add_images(
    parser: argparse.ArgumentParser, what: str = 'folder of the images'
) -> None:
    """``--images FOLDER``."""
    parser.add_argument('--images', required=True, help=what)


def add_out(
    parser: argparse.ArgumentParser, what: str = 'folder to write to'
) -> None:
    """``--out``, a folder or a file."""
    parser.add_argument('--out', required=True, help=what)


def add_seed(parser: argparse.ArgumentParser, what: str) -> None:
    """``--seed N``."""
    parser.add_argument('--seed', type=int, default=0, help=what)


def whole_number(least: int) -> Callable[[str], int]:
    """A `type` for arguments: integers of at least ``least``."""

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(
                f'must be an integer of {least} or more, but got {text!r}'
            )
        return int(text)

    return parse


def add_workers(
    parser: argparse.ArgumentParser,
    default: int,
    what: str = 'threads',
    *,
    least: int | None = None,
) -> None:
    """``--workers N``, at least `least` where that is given."""
    parser.add_argument(
        '--workers',
        type=int if least is None else whole_number(least),
        default=default,
        metavar='N',
        help=f'{what} (default {default})',
    )


def add_runs(parser: argparse.ArgumentParser) -> None:
    """``--run NAME=FILE``, for `mmuldor.cli.pairs.parse_runs`."""
    parser.add_argument(
        '--run',
        action='append',
        required=True,
        metavar='NAME=FILE',
        help='results JSON and the name of its row; may be given often',
    )


def add_with_fp(parser: argparse.ArgumentParser) -> None:
    """``--with-fp NAME``."""
    parser.add_argument(
        '--with-fp',
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
        type=float,
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
        type=float,
        default=iou_thr,
        help=f'IoU of a hit (default {iou_thr})',
    )


def add_fps_per_image(parser: argparse.ArgumentParser) -> None:
    """``--fps-per-image RATE``."""
    parser.add_argument(
        '--fps-per-image',
        type=float,
        default=2.0,
        help='operating point of the figures (default 2)',
    )


def add_curve_outputs(parser: argparse.ArgumentParser) -> None:
    """``--out FILE`` and ``--plot FILE`` of an evaluation, both optional."""
    parser.add_argument('--out', help='write the results to this JSON')
    parser.add_argument(
        '--plot', help='draw the curve to this file (.png, .pdf, .svg)'
    )


def add_operating_point(
    parser: argparse.ArgumentParser, default: str = ''
) -> None:
    """``--fps RATE`` (`fps_per_image`) or ``--sensitivity FRACTION``."""
    point = parser.add_mutually_exclusive_group()
    point.add_argument(
        '--fps',
        dest='fps_per_image',
        type=float,
        help=f'operating point: FPs per image{default}',
    )
    point.add_argument(
        '--sensitivity',
        type=float,
        help='operating point: sensitivity, a fraction',
    )


class Container(Protocol):
    """A parser, or one of its groups of arguments."""

    def add_argument(self, *names: str, **settings: Any) -> Any:
        """Define an argument."""


def add_spacing(parser: Container, of: str) -> None:
    """``--spacing COLUMNS ROWS SLICES``, for a parser or a group."""
    parser.add_argument(
        '--spacing',
        type=float,
        nargs=3,
        metavar=('COLUMNS', 'ROWS', 'SLICES'),
        help=f'in mm, of {of}',
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


def check_values(
    args: argparse.Namespace, rules: Iterable[tuple[str, bool, str]]
) -> None:
    """Raise ValueError for the first argument with an invalid value.

    Args:
        args: The parsed command line.
        rules: Name in `args`, whether its value is valid, what it must be.
    """
    for name, valid, rule in rules:
        if not valid:
            raise ValueError(
                f'--{name.replace("_", "-")} must be {rule}, but got '
                f'{getattr(args, name)}.'
            )
