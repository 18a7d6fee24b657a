"""Train a detector from a config.

Example:
    python tools/train.py configs/uldor/uldor_r101_fpn_hnem-12e_deeplesion.py
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.io.cli import user_errors


def parse_args() -> argparse.Namespace:
    """Flags of mmdet's ``tools/train.py``."""
    from mmengine.config import DictAction

    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='folder of logs and checkpoints')
    parser.add_argument(
        '--amp', action='store_true', help='automatic mixed precision'
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate to the batch size',
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='resume from a checkpoint, by default the latest of the work dir',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='override settings of the config: key=value ...',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='job launcher',
    )
    # torch.distributed.launch passes this.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


@user_errors()
def main() -> None:
    """Train."""
    args = parse_args()
    from mmuldor.apis import load_config, train_detector

    config = load_config(
        args.config, args.work_dir, args.cfg_options, args.launcher
    )
    train_detector(config, args.amp, args.auto_scale_lr, args.resume)


if __name__ == '__main__':
    main()
