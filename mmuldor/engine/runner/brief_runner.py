"""MMEngine's runner with what users of many kinds of machine need."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import torch
from mmengine.logging import MMLogger
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import OptimWrapper
from mmengine.visualization import Visualizer
from torch import nn

from mmuldor.engine.detection.heads import unwrapped
from mmuldor.engine.runner.config_errors import NamingRunner
from mmuldor.engine.runner.learning_rate import scale_rate, scaling, warm_up
from mmuldor.engine.runner.recompute import recompute_activations
from mmuldor.upstream.optim_wrapper import accumulated_batches


class BriefRunner(NamingRunner):
    """MMEngine's runner, with the dumps in the log file alone."""

    def train(self) -> nn.Module:
        """MMEngine's, with `recompute_activations` in place of its own."""
        names = self.cfg.pop('activation_checkpointing', None)
        if names is not None:
            recompute_activations(unwrapped(self.model), names)
        return super().train()

    def build_logger(self, *args, **kwargs) -> MMLogger:
        """MMEngine's logger, but for dumps of several hundred lines."""
        logger = super().build_logger(*args, **kwargs)
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler):
                handler.addFilter(_is_no_dump)
        return logger

    def build_visualizer(self, visualizer: dict | None = None) -> Visualizer:
        """MMEngine's, one for each run.

        It keeps visualizers by name, and mmdet gives all the same: a second
        run of a process would write into the folder of the first.
        """
        if isinstance(visualizer, dict):
            visualizer = {**visualizer, 'name': self.log_dir}
        return super().build_visualizer(visualizer)

    def wrap_model(
        self, model_wrapper_cfg: dict | None, model: nn.Module
    ) -> nn.Module:
        """MMEngine's; without GPUs, SyncBN becomes BN in processes too."""
        if not torch.cuda.is_available():
            model = revert_sync_batchnorm(model)
        return super().wrap_model(model_wrapper_cfg, model)

    def scale_lr(
        self, optim_wrapper: OptimWrapper, auto_scale_lr: dict | None = None
    ) -> None:
        """Scale the learning rate to the batch; see `learning_rate`."""
        settings = auto_scale_lr or {}
        optimizer = getattr(optim_wrapper, 'optimizer', None)
        if not settings.get('enable') or optimizer is None:
            return
        loader = self.train_dataloader
        counts = accumulated_batches(optim_wrapper)
        size = loader.batch_sampler.batch_size
        images = size * self.world_size * counts
        base = settings.get('base_batch_size')
        factor, rule = scaling(optimizer, images, base)
        rate = optimizer.param_groups[0]['lr']
        scale_rate(optimizer, factor)
        schedulers = self.param_schedulers
        if isinstance(schedulers, (list, dict)) and factor > 1:
            if isinstance(schedulers, dict):
                schedulers = [schedulers]
            self.param_schedulers = warm_up(schedulers, factor, len(loader))
        self.message_hub.update_info(_IMAGES, images)
        self.logger.info(
            f'learning rate {rate:g} of {base} images an iteration is '
            f'{rate * factor:g} for {images} ({rule})'
        )

    def register_default_hooks(self, hooks: dict | None = None) -> None:
        """As MMEngine; ``None`` switches off any hook, not just its own."""
        hooks = hooks or {}
        off = {
            name
            for name, hook in hooks.items()
            if hook is None and name not in _MMENGINE_HOOKS
        }
        super().register_default_hooks(
            {name: hook for name, hook in hooks.items() if name not in off}
        )

    def load_checkpoint(self, filename: str, *args, **kwargs) -> dict:
        """MMEngine's; errors name the file."""
        with _naming(filename, 'a checkpoint of this config'):
            return super().load_checkpoint(filename, *args, **kwargs)

    def resume(self, filename: str, *args, **kwargs) -> None:
        """MMEngine's; errors name the file."""
        images = self.message_hub.runtime_info.get(_IMAGES)
        with _naming(filename, 'a checkpoint of a training, with its state'):
            super().resume(filename, *args, **kwargs)
        before = self.message_hub.runtime_info.get(_IMAGES, images)
        if images != before:
            self.logger.warning(
                f'{filename} was trained with {before} images an iteration, '
                f'and now there are {images}: the learning rate and its '
                'schedule stay those of the checkpoint.'
            )


# Images an iteration, in what checkpoints keep.
_IMAGES = 'images_per_iteration'
# Those that MMEngine registers if a config says nothing.
_MMENGINE_HOOKS = {
    'runtime_info',
    'timer',
    'sampler_seed',
    'logger',
    'param_scheduler',
    'checkpoint',
}


@contextlib.contextmanager
def _naming(filename: str, must: str) -> Iterator[None]:
    """Name the checkpoint in errors that come of what it holds."""
    try:
        yield
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        if str(filename) in str(error):
            raise
        raise ValueError(
            f"'{filename}' must be {must}, but {type(error).__name__}: {error}"
        ) from error


def _is_no_dump(record: logging.LogRecord) -> bool:
    dumps = ('Config:\n', 'Hooks will be executed', 'System environment:')
    return not str(record.msg).lstrip('-\n').startswith(dumps)
