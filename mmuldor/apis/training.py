"""Train from a config."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import all_gather_object

from mmuldor.apis.configs.consistency import make_consistent
from mmuldor.apis.configs.evaluators import check_annotations
from mmuldor.apis.configs.loading import check_keys
from mmuldor.apis.configs.precision import enable_amp
from mmuldor.apis.configs.same_images import check_same_images
from mmuldor.apis.runs import build_runner, check_checkpoint, leave_processes
from mmuldor.upstream.checkpoint_loaders import unsafe_checkpoints


def latest_checkpoint(work_dir: str) -> str | None:
    """The last complete checkpoint of a training, or None.

    That which MMEngine's file ``last_checkpoint`` names: beside it an earlier
    and longer training may have left higher numbers. It is looked for in the
    work dir, which may have been moved, then where the file says
    (``CheckpointHook(out_dir=...)``).

    The file is empty if the process was killed while writing it. Then it is
    the highest number, of epochs or of iterations, whichever were written
    last. Truncated checkpoints are ignored.
    """
    named = _named_checkpoint(Path(work_dir))
    if named is not None:
        return str(named)
    latest = []
    for kind in ('epoch_', 'iter_'):
        by_number = {}
        for path in Path(work_dir).glob(f'{kind}*.pth'):
            number = path.stem.removeprefix(kind)
            if number.isdigit() and zipfile.is_zipfile(path):
                by_number[int(number)] = path
        if by_number:
            latest.append(by_number[max(by_number)])
    return str(max(latest, key=os.path.getmtime)) if latest else None


def _named_checkpoint(work_dir: Path) -> Path | None:
    """The complete checkpoint that ``last_checkpoint`` names, if any."""
    try:
        named = Path((work_dir / 'last_checkpoint').read_text().strip())
    except (OSError, UnicodeDecodeError):
        return None
    places = (work_dir / named.name, named)
    return next(filter(zipfile.is_zipfile, places), None)


def train_detector(
    config: Config,
    amp: bool = False,
    auto_scale_lr: bool | None = None,
    resume: str | None = None,
    allow_unsafe_checkpoint: bool = False,
) -> None:
    """Train a config.

    Args:
        config: From :func:`load_config`; changed in place.
        amp: Use mixed precision, see :func:`enable_amp`.
        auto_scale_lr: Whether to scale the learning rate to the batch size;
            None: as the config says.
        resume: A checkpoint, or 'auto' for the latest checkpoint of the work
            dir, if there is one. None: as the config says.
        allow_unsafe_checkpoint: Unpickle checkpoints fully, which runs any
            code in them.

    Raises:
        ValueError: If the config does not fit these arguments.
    """
    check_keys(
        config,
        *('model', 'train_dataloader.dataset', 'train_cfg', 'optim_wrapper'),
    )
    check_same_images(config)
    if amp:
        enable_amp(config)
    if auto_scale_lr is not None:
        config.setdefault('auto_scale_lr', {})
        if auto_scale_lr and 'base_batch_size' not in config.auto_scale_lr:
            raise ValueError(
                '`--auto-scale-lr` needs `auto_scale_lr = '
                'dict(base_batch_size=...)` in the config.'
            )
        config.auto_scale_lr.enable = auto_scale_lr
    warning = _set_start(config, resume)
    notes = make_consistent(config)
    check_annotations(config, 'val')
    with unsafe_checkpoints(allow_unsafe_checkpoint):
        runner = build_runner(config)
        _check_same_start(config)
        for note in notes:
            runner.logger.info(note)
        if warning:
            runner.logger.warning(warning)
        runner.train()
    del runner
    leave_processes()


def _check_same_start(config: Config) -> None:
    """Raise ValueError unless all processes start from the same file.

    Each has looked into its own work dir, which on several machines may be
    several folders.
    """
    starts = all_gather_object(config.get('load_from'))
    for rank, start in enumerate(starts):
        if start != starts[0]:
            raise ValueError(
                f'all processes must start from the same checkpoint, but '
                f'process 0 from {starts[0]!r} and process {rank} from '
                f'{start!r}. Is the work dir {config.work_dir!r} shared by '
                'all machines?'
            )


def _set_start(config: Config, resume: str | None) -> str | None:
    """Set what a training starts from; returns what should be known of it."""
    if resume is None and isinstance(config.get('resume'), str):
        # MMEngine would treat a text as True and start from the beginning.
        resume = config.resume
    found, warning = latest_checkpoint(config.work_dir), None
    if resume == 'auto':
        resume = found
        if found is None:
            warning = (
                f"nothing to resume in '{config.work_dir}': a new training"
            )
    elif resume is None and found and not config.get('resume'):
        warning = (
            f"an earlier training's checkpoints, as '{found}', are replaced "
            'one by one, and its best one may stay. `--resume` goes on with '
            'it, another `--work-dir` keeps it.'
        )
    if resume is not None:
        config.resume, config.load_from = True, resume
    if not isinstance(config.get('load_from'), (str, type(None))):
        raise ValueError(
            f"config '{config.filename}': `load_from` must be a checkpoint's "
            f'file or URL, but got {config.load_from!r}.'
        )
    if config.get('load_from'):
        check_checkpoint(config.load_from)
    return warning
