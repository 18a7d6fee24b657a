"""MMEngine's runner: shorter logs, CPU training, learning rate by batch."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from typing import Any

import torch
from mmengine.logging import MessageHub, MMLogger
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import OptimWrapper
from mmengine.visualization import Visualizer
from torch import nn

from mmuldor.engine.detection.heads import unwrapped
from mmuldor.engine.runner.config_errors import NamingRunner
from mmuldor.engine.runner.learning_rate import (
    is_saved_warm_up,
    scale_rate,
    scaling,
    warm_up,
)
from mmuldor.engine.runner.recompute import recompute_activations
from mmuldor.upstream.optim_wrapper import accumulated_batches
from mmuldor.upstream.resuming import begin_epoch


class BriefRunner(NamingRunner):
    """MMEngine's runner with fixes for resuming and CPU training.

    Long dumps of config, hooks and environment are written to the log file
    only.
    """

    param_schedulers: Any
    # Whether `scale_lr` added a warm-up.
    _warms_up = False
    # The states of schedulers in the checkpoint that was loaded.
    _saved_schedulers: Any = None

    def train(self) -> nn.Module:
        """Train, with `recompute_activations` for checkpointed modules."""
        names = self.cfg.pop('activation_checkpointing', None)
        if names is not None:
            recompute_activations(unwrapped(self.model), names)
        return super().train()

    def build_logger(self, *args, **kwargs) -> MMLogger:
        """Build MMEngine's logger; dumps are not printed on the console.

        Loggers and message hubs are global by name, MMEngine's that of the
        config and the second: of two runs in a second, the second would write
        into the first one's log, and read its figures.
        """
        kwargs.setdefault('name', self.log_dir)
        logger = super().build_logger(*args, **kwargs)
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler):
                handler.addFilter(_is_no_dump)
        return logger

    def build_message_hub(self, message_hub: dict | None = None) -> MessageHub:
        """Build a message hub whose name is unique to the run."""
        return super().build_message_hub(message_hub or {'name': self.log_dir})

    def build_visualizer(self, visualizer: dict | None = None) -> Visualizer:
        """Build a visualizer whose name is unique to the run.

        Visualizers are global by name, and mmdet's configs use one name: a
        second run in a process would write into the folder of the first.
        """
        if isinstance(visualizer, dict):
            visualizer = {**visualizer, 'name': self.log_dir}
        return super().build_visualizer(visualizer)

    def wrap_model(
        self, model_wrapper_cfg: dict | None, model: nn.Module
    ) -> nn.Module:
        """Wrap the model; without GPUs, SyncBN is replaced by BN before."""
        if not torch.cuda.is_available():
            model = revert_sync_batchnorm(model)
        return super().wrap_model(model_wrapper_cfg, model)

    def scale_lr(
        self, optim_wrapper: OptimWrapper, auto_scale_lr: dict | None = None
    ) -> None:
        """Scale the learning rate to the batch size; see `learning_rate`."""
        settings = auto_scale_lr or {}
        optimizer = getattr(optim_wrapper, 'optimizer', None)
        if not settings.get('enable') or optimizer is None:
            return
        loader = self.train_dataloader
        counts = accumulated_batches(optim_wrapper)
        size = loader.batch_sampler.batch_size
        images = size * self.world_size * counts
        base: Any = settings.get('base_batch_size')
        factor, rule = scaling(optimizer, images, base)
        rate = optimizer.param_groups[0]['lr']
        scale_rate(optimizer, factor)
        schedulers: Any = self.param_schedulers
        if isinstance(schedulers, (list, dict)) and factor > 1:
            if isinstance(schedulers, dict):
                schedulers = [schedulers]
            self.param_schedulers = warm_up(schedulers, factor, len(loader))
            self._warms_up = len(self.param_schedulers) > len(schedulers)
        self.message_hub.update_info(_IMAGES, images)
        self.logger.info(
            f'learning rate {rate:g} for {base} images an iteration becomes '
            f'{rate * factor:g} for {images} ({rule})'
        )

    def register_default_hooks(self, hooks: dict | None = None) -> None:
        """Register default hooks; ``None`` disables hooks of any name.

        MMEngine accepts None only for its own hooks.
        """
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
        """Load a checkpoint; errors name the file."""
        with _naming(filename, 'a checkpoint of this config'):
            checkpoint = super().load_checkpoint(filename, *args, **kwargs)
        self._saved_schedulers = checkpoint.get('param_schedulers')
        return checkpoint

    def resume(self, filename: str, *args, **kwargs) -> None:
        """Resume from a checkpoint; errors name the file.

        Rate, schedule and seed are those of the checkpoint; the epoch is
        trained from its begin.
        """
        images = self.message_hub.runtime_info.get(_IMAGES)
        seed = self.seed
        with _naming(filename, 'a checkpoint of a training, with its state'):
            super().resume(filename, *args, **kwargs)
            self._take_saved_warm_up()
        # It was built with the seed of before. A batch sampler of a user may
        # have none.
        batches = self.train_dataloader.batch_sampler
        sampler: Any = getattr(batches, 'sampler', None)
        if getattr(sampler, 'seed', None) == seed:
            sampler.seed = self.seed
        before = self.message_hub.runtime_info.get(_IMAGES, images)
        if images != before:
            self.logger.warning(
                f'{filename} was trained with {before} images an iteration, '
                f'and now there are {images}: the learning rate and its '
                'schedule stay those of the checkpoint.'
            )
        saved_iteration = self.iter
        begin_epoch(self)
        left = saved_iteration - self.iter
        if images == before and 0 < left < len(self.train_dataloader):
            self.logger.warning(
                f'{filename} was saved {left} iterations after the begin of '
                'an epoch, which is trained again as a whole.'
            )
        if self.iter >= self.max_iters:
            self.logger.warning(
                f'{filename} is of a training that has ended, so nothing is '
                'trained. A new training: without `--resume`.'
            )

    def _take_saved_warm_up(self) -> None:
        """Have the checkpoint's warm-up to the batch, or none if it has none.

        MMEngine gives states to schedulers by their number. A warm-up that is
        new would multiply the checkpoint's rate, and one that is lost would
        leave it where it was.
        """
        own, saved = self.param_schedulers, self._saved_schedulers
        if not (isinstance(own, list) and isinstance(saved, list)):
            return
        if self._warms_up and len(own) > len(saved):
            own.pop()
        elif len(own) + 1 == len(saved) and is_saved_warm_up(saved[-1]):
            # A factor of 1 leaves the rate, which has been loaded.
            added = dict(type='LinearLR', start_factor=1.0, by_epoch=False)
            own += self.build_param_scheduler(added)
            own[-1].load_state_dict(saved[-1])


class EvaluationRunner(BriefRunner):
    """A runner of tests, which leaves the config of a training as it is."""

    def dump_config(self) -> None:
        """Write the config, unless a training has written its own.

        It would name another split, views or checkpoint, for whoever trains,
        tests or compares with it later. The folder of the log has a copy.
        """
        if not os.path.isfile(os.path.join(self.work_dir, 'last_checkpoint')):
            super().dump_config()


# Key of the number of images an iteration in the state of checkpoints.
_IMAGES = 'images_per_iteration'
# Hooks that MMEngine registers by default.
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
    """Name the checkpoint in errors that its content causes."""
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
