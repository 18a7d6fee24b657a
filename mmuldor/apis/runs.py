"""Train and test from a config; what the command lines share."""

from __future__ import annotations

import os.path as osp
from pathlib import Path

from mmengine.config import Config
from mmengine.runner import Runner

from mmuldor.ops import log_backend


def load_config(
    path: str,
    work_dir: str | None = None,
    cfg_options: dict | None = None,
    launcher: str = 'none',
) -> Config:
    """Read a config and settle where it runs.

    Args:
        path: Config file.
        work_dir: Overrides the config's; ``work_dirs/<config name>`` if
            neither says.
        cfg_options: Settings to override, as from ``--cfg-options``.
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"config '{path}' does not exist. The shipped ones are under "
            '`configs/`; the README lists them.'
        )
    config = Config.fromfile(path)
    if cfg_options:
        config.merge_from_dict(cfg_options)
    config.launcher = launcher
    if work_dir is not None:
        config.work_dir = work_dir
    elif config.get('work_dir') is None:
        config.work_dir = osp.join('work_dirs', Path(path).stem)
    return config


def build_runner(config: Config) -> Runner:
    """The runner, with one log line on mmcv's operators."""
    runner = Runner.from_cfg(config)
    log_backend()
    return runner


def check_checkpoint(path: str) -> str:
    """Return ``path`` if it is a URL or an existing file.

    Raises:
        FileNotFoundError: If it is neither.
    """
    if '://' not in path and not Path(path).is_file():
        raise FileNotFoundError(
            f"checkpoint '{path}' does not exist. `tools/train.py` writes "
            'them as `epoch_N.pth` to its work dir.'
        )
    return path


def train_detector(
    config: Config,
    amp: bool = False,
    auto_scale_lr: bool = False,
    resume: str | None = None,
) -> None:
    """Train a config.

    Args:
        config: From :func:`load_config`; changed in place.
        amp: Use automatic mixed precision.
        auto_scale_lr: Scale the learning rate to the batch size.
        resume: 'auto' for the latest checkpoint of the work dir, or a
            checkpoint; None starts anew (or from ``load_from``).

    Raises:
        ValueError: If the config cannot do what is asked.
    """
    if amp:
        config.optim_wrapper.type = 'AmpOptimWrapper'
        config.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if auto_scale_lr:
        if 'base_batch_size' not in config.get('auto_scale_lr', {}):
            raise ValueError(
                '`--auto-scale-lr` needs `auto_scale_lr = '
                'dict(base_batch_size=...)` in the config.'
            )
        config.auto_scale_lr.enable = True
    config.resume = resume is not None
    if resume not in (None, 'auto'):
        config.load_from = check_checkpoint(resume)
    elif config.get('load_from'):
        check_checkpoint(config.load_from)
    build_runner(config).train()


def evaluate_detector(
    config: Config,
    checkpoint: str,
    out: str | None = None,
    show_dir: str | None = None,
) -> dict[str, float]:
    """Test a checkpoint.

    Args:
        config: From :func:`load_config`; changed in place.
        checkpoint: File or URL.
        out: Write COCO-format results (float boxes, RLE masks) here.
        show_dir: Draw detections on windowed CT into this folder.

    Returns:
        The metrics.
    """
    config.load_from = check_checkpoint(checkpoint)
    if out is not None:
        config.test_evaluator.out = out
    if show_dir is not None:
        config.default_hooks.visualization.update(
            draw=True, test_out_dir=show_dir
        )
    return build_runner(config).test()
