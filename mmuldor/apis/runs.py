"""Train and test from a config; what the command lines share."""

from __future__ import annotations

import gc
import zipfile
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.runner import Runner

from mmuldor.apis.configs.evaluators import evaluators_of, froc_of
from mmuldor.apis.configs.loading import check_keys, config_errors, load_config
from mmuldor.apis.configs.precision import use_amp
from mmuldor.apis.configs.settling import settle
from mmuldor.apis.test_time_augmentation import average_views
from mmuldor.cli.errors import check_outputs
from mmuldor.ops import log_backend
from mmuldor.upstream.runner import BriefRunner
from mmuldor.upstream.safe_checkpoints import check_file, unsafe_checkpoints


def build_runner(config: Config) -> Runner:
    """The runner, with one log line on mmcv's operators."""
    launcher = config.get('launcher', 'none')
    if launcher != 'none' and not torch.cuda.is_available():
        _join_on_cpu(config)
    runner = BriefRunner.from_cfg(config)
    log_backend()
    return runner


def _join_on_cpu(config: Config) -> None:
    """Join the launcher's processes without a GPU, which MMEngine asks for."""
    if config.launcher != 'pytorch':
        raise ValueError(
            f"without a GPU `--launcher` must be 'pytorch' or 'none', but got "
            f'{config.launcher!r}.'
        )
    if not torch.distributed.is_initialized():
        settings = config.get('env_cfg', {}).get('dist_cfg', {})
        timeout = settings.get('timeout')
        torch.distributed.init_process_group(
            'gloo', timeout=timeout and timedelta(seconds=timeout)
        )
    config.model_wrapper_cfg = dict(
        config.get('model_wrapper_cfg') or {},
        type='MMDistributedDataParallel',
        device_ids=None,
    )


def leave_processes() -> None:
    """Leave the group that a launcher's runner joined, all work being done.

    Left to the interpreter's end, the threads of gloo abort it now and then.
    What still holds the group goes first: the runner's model does.
    """
    if torch.distributed.is_initialized():
        gc.collect()
        torch.distributed.destroy_process_group()


def check_checkpoint(path: str) -> str:
    """Return ``path`` if it is a URL or an existing file.

    Raises:
        FileNotFoundError: If it is neither.
        ValueError: See :func:`mmuldor.upstream.safe_checkpoints.check_file`.
    """
    if '://' not in path:
        check_file(path)
    return path


def latest_checkpoint(work_dir: str) -> str | None:
    """The checkpoint of the last whole epoch in a work dir, if there is one.

    Files are asked, not MMEngine's ``last_checkpoint``, which a kill can leave
    empty. Checkpoints appear whole; a cut one from elsewhere is passed over.
    """
    found = {}
    for path in Path(work_dir).glob('epoch_*.pth'):
        number = path.stem.removeprefix('epoch_')
        if number.isdigit() and zipfile.is_zipfile(path):
            found[int(number)] = str(path)
    return found[max(found)] if found else None


def check_output(path: str | None, *inputs: str) -> None:
    """Raise ValueError if ``path`` is a folder or one of the inputs."""
    if path is None:
        return
    if Path(path).is_dir():
        raise ValueError(f"'{path}' must be a file to write, but is a folder.")
    check_outputs(inputs, (path,))


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
        amp: Use mixed precision, see :func:`use_amp`.
        auto_scale_lr: Scale the learning rate to the batch size, or do not;
            None does what the config says.
        resume: 'auto' for the latest checkpoint of the work dir, if there
            is one, or a checkpoint; None does what the config says.
        allow_unsafe_checkpoint: Unpickle checkpoints whole, which runs what
            is in them.

    Raises:
        ValueError: If the config cannot do what is asked.
    """
    check_keys(
        config,
        *('model', 'train_dataloader.dataset', 'train_cfg', 'optim_wrapper'),
    )
    if amp:
        use_amp(config)
    if auto_scale_lr is not None:
        config.setdefault('auto_scale_lr', {})
        if auto_scale_lr and 'base_batch_size' not in config.auto_scale_lr:
            raise ValueError(
                '`--auto-scale-lr` needs `auto_scale_lr = '
                'dict(base_batch_size=...)` in the config.'
            )
        config.auto_scale_lr.enable = auto_scale_lr
    if resume is None and isinstance(config.get('resume'), str):
        # MMEngine would take it for a yes, and begin anew.
        resume = config.resume
    if resume == 'auto':
        resume = latest_checkpoint(config.work_dir)
    if resume is not None:
        config.resume, config.load_from = True, resume
    if not isinstance(config.get('load_from'), (str, type(None))):
        raise ValueError(
            f"config '{config.filename}': `load_from` must be a checkpoint's "
            f'file or URL, but got {config.load_from!r}.'
        )
    if config.get('load_from'):
        check_checkpoint(config.load_from)
    notes = settle(config)
    with unsafe_checkpoints(allow_unsafe_checkpoint), config_errors(config):
        runner = build_runner(config)
        for note in notes:
            runner.logger.info(note)
        runner.train()
    del runner
    leave_processes()


def evaluate_detector(
    config: Config,
    checkpoint: str,
    out: str | None = None,
    show_dir: str | None = None,
    tta: bool = False,
    split: str = 'test',
    allow_unsafe_checkpoint: bool = False,
) -> dict[str, float]:
    """Test a checkpoint.

    Args:
        config: From :func:`load_config`; changed in place.
        checkpoint: File or URL.
        out: Write COCO-format results (float boxes, RLE masks) here.
        show_dir: Draw detections on windowed CT into this folder.
        tta: Average over the views of the config's ``tta``.
        split: 'test', or 'val' to test on the validation split.
        allow_unsafe_checkpoint: Unpickle the checkpoint whole, which runs
            what is in it.

    Returns:
        The metrics.
    """
    check_keys(
        config,
        *('model', 'test_dataloader.dataset', 'test_cfg', 'test_evaluator'),
    )
    config.load_from = check_checkpoint(checkpoint)
    config.resume = False
    check_output(out, checkpoint, config.filename)
    if split == 'val':
        config.test_dataloader = config.val_dataloader
        config.test_evaluator = config.val_evaluator
    if out is not None:
        froc_of(config, 'test').out = out
    settle(config)
    with unsafe_checkpoints(allow_unsafe_checkpoint), config_errors(config):
        if tta:
            average_views(config)
        if show_dir is not None:
            config.default_hooks.visualization.update(
                draw=True, test_out_dir=show_dir
            )
        metrics = build_runner(config).test()
    leave_processes()
    return metrics


def tested_annotations(paths: Iterable[str]) -> str:
    """The test split's annotation file, by the config in a work dir.

    Args:
        paths: Work dirs and other paths; the first folder that holds the
            config of a run is asked.

    Raises:
        ValueError: If none does.
    """
    for path in paths:
        dumps = sorted(Path(path).glob('*.py')) if Path(path).is_dir() else []
        if dumps:
            config = load_config(str(dumps[-1]))
            check_keys(config, 'test_evaluator')
            with config_errors(config):
                for evaluator in evaluators_of(config, 'test'):
                    if 'ann_file' in evaluator:
                        return evaluator.ann_file
    raise ValueError(
        '`--ann` must name the annotation JSON of the tested split, since no '
        'work dir with the config of a run is given.'
    )
