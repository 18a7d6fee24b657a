"""One mining round from a checkpoint."""

from __future__ import annotations

import os

from mmengine.config import Config
from mmengine.registry import DATASETS, HOOKS

from mmuldor.apis.configs.loading import check_keys
from mmuldor.apis.configs.precision import apply_memory_format
from mmuldor.apis.runs import (
    build_runner,
    check_checkpoint,
)
from mmuldor.engine.base_dataset import mining_dataset
from mmuldor.engine.detection.candidates import check_model
from mmuldor.engine.hooks.hnem_hook import HNEMHook
from mmuldor.engine.mining_round import mine
from mmuldor.engine.runner.config_errors import config_errors
from mmuldor.io.json_files import write_json
from mmuldor.io.paths import check_outputs
from mmuldor.upstream.checkpoint_loaders import unsafe_checkpoints


def mine_hard_negatives(
    config: Config,
    checkpoint: str | os.PathLike[str],
    out: str | os.PathLike[str],
    epoch: int = 0,
    allow_unsafe_checkpoint: bool = False,
) -> dict:
    """Mine the training images of a config with a checkpoint.

    Args:
        config: From :func:`mmuldor.apis.load_config`. The rule is that of its
            ``HNEMHook``, or the default one.
        checkpoint: File or URL.
        out: Bank file to write.
        epoch: Part of the seed of the draws, as in training.
        allow_unsafe_checkpoint: Unpickle the checkpoint fully, which runs any
            code in it.

    Returns:
        The bank's counts.

    Raises:
        ValueError: If hard negatives cannot be mined with the model.
    """
    checkpoint = check_checkpoint(checkpoint)
    check_outputs((checkpoint, config.filename), (out,))
    check_keys(
        config,
        *('model', 'train_dataloader.dataset', 'val_dataloader.dataset'),
    )
    with unsafe_checkpoints(allow_unsafe_checkpoint), config_errors(config):
        hook = _hnem_hook(config)
        runner = build_runner(config)
        check_model(runner.model)
        dataset = mining_dataset(
            DATASETS.build(config.train_dataloader.dataset)
        )
        # As before a test: some hooks, as MMEngine's of an average of weights,
        # must be ready before they see a checkpoint.
        runner.call_hook('before_run')
        runner.load_checkpoint(checkpoint)
    apply_memory_format(runner.model.eval(), config)
    bank = mine(
        runner.model,
        dataset,
        hook.pipeline or config.val_dataloader.dataset.pipeline,
        hook.rule,
        epoch,
        hook.num_workers,
        hook.excluded_boxes(dataset.fingerprint),
    )
    write_json(out, bank)
    return bank['counts']


def _hnem_hook(config: Config) -> HNEMHook:
    """The config's HNEM hook, or one with default arguments."""
    hooks = [
        *config.get('default_hooks', {}).values(),
        *(config.get('custom_hooks') or []),
    ]
    for hook in hooks:
        if hook and hook.get('type') == 'mmuldor.HNEMHook':
            # A runner reads `priority` itself; the hook has no such argument.
            args = {k: v for k, v in hook.items() if k != 'priority'}
            return HOOKS.build(args)
    return HNEMHook()
