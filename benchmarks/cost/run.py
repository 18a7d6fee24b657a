"""Operations and memory of a training, its hours and batches, estimated.

    python benchmarks/cost/run.py             writes the page
    python benchmarks/cost/run.py CONFIG ...  prints the tables of any configs
    python benchmarks/cost/run.py --write     page only, from the last figures

The page is benchmarks/training-cost.md. Needs no data and no GPU; a full-size
config takes some seconds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.cost.count import count
from benchmarks.cost.estimate import (
    GPU,
    IMAGES_A_GPU,
    TRAIN_IMAGES,
    UTILISATION,
    VAL_IMAGES,
    hours,
    plans,
)
from benchmarks.cost.page import page, tables
from benchmarks.inputs import ROOT
from mmuldor.apis.configs.loading import load_config
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors
from mmuldor.io.json_files import read_json, replacing, write_json

RESULT = ROOT / 'benchmarks/results/training-cost.json'
PAGE = ROOT / 'benchmarks/training-cost.md'
CONFIGS = (
    'mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion',
    'uldor/uldor_r101_fpn_hnem-12e_deeplesion',
    'blocks/model/mask-rcnn_r101_fpn_dense-anchors-12e_deeplesion',
    'slices/mask-rcnn_r101_fpn_27slices-12e_deeplesion',
    'slices/3dce_r101_fpn_27slices-12e_deeplesion',
    'slices/alignshift_densenet121_fpn_7slices-12e_deeplesion',
    'recommended/recommended_densenet121_fpn_7slices-20e_deeplesion',
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('configs', nargs='*', type=types.path)
    parser.add_argument(
        '--side',
        type=types.count,
        help="sides of the image, px (default: the pipeline's longest)",
    )
    parser.add_argument(
        '--write', action='store_true', help='measure nothing, write the page'
    )
    return parser.parse_args(argv)


def measure(paths: Sequence[str], side_px: int | None = None) -> dict:
    """The document of some configs."""
    return {
        'command': 'python benchmarks/cost/run.py',
        'assumed': {
            'gpu': GPU,
            'utilisation': list(UTILISATION),
            'train_images': TRAIN_IMAGES,
            'val_images': VAL_IMAGES,
        },
        'configs': [_measured(path, side_px) for path in paths],
    }


def _measured(path: str, side_px: int | None) -> dict[str, Any]:
    config = load_config(path)
    cost = count(config, side_px)
    return {
        'name': Path(path).stem,
        'cost': cost.as_dict(),
        'epochs': config.train_cfg.max_epochs,
        'hours': [hours(config, cost, share) for share in UTILISATION],
        'plans': [asdict(plan) for plan in plans(config, list(IMAGES_A_GPU))],
    }


@user_errors()
def main(argv: Sequence[str] | None = None) -> None:
    """Measure, then print or write."""
    args = parse_args(argv)
    if args.configs:
        print(tables(measure(args.configs, args.side)))
        return
    if not args.write:
        paths = [str(ROOT / f'configs/{name}.py') for name in CONFIGS]
        write_json(RESULT, measure(paths, args.side), indent=1)
    with replacing(PAGE) as temporary:
        temporary.write_text(page(read_json(RESULT)), encoding='utf-8')
    print(f'wrote {PAGE.relative_to(ROOT)}')


if __name__ == '__main__':
    main(sys.argv[1:])
