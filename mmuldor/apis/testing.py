"""Test a checkpoint from a config."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from mmengine.config import Config

from mmuldor.apis.configs.consistency import make_consistent
from mmuldor.apis.configs.evaluators import (
    check_annotations,
    evaluators_of,
    froc_of,
)
from mmuldor.apis.configs.loading import check_keys, read_config
from mmuldor.apis.runs import (
    build_runner,
    check_checkpoint,
    leave_processes,
)
from mmuldor.apis.test_time_augmentation import average_views
from mmuldor.engine.runner.brief_runner import EvaluationRunner
from mmuldor.engine.runner.config_errors import channel_errors
from mmuldor.io.paths import check_outputs, existing_file, out_folder
from mmuldor.upstream.checkpoint_loaders import unsafe_checkpoints


def evaluate_detector(
    config: Config,
    checkpoint: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    show_dir: str | os.PathLike[str] | None = None,
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
        allow_unsafe_checkpoint: Unpickle the checkpoint fully, which runs any
            code in it.

    Returns:
        The metrics by name.

    Raises:
        FileNotFoundError: If an input is missing.
        ValueError: If an input is wrong.
    """
    check_keys(
        config,
        *('model', 'test_dataloader.dataset', 'test_cfg', 'test_evaluator'),
    )
    checkpoint = config.load_from = check_checkpoint(checkpoint)
    config.resume = False
    check_outputs((checkpoint, config.filename), (out,))
    if split == 'val':
        check_keys(config, 'val_dataloader.dataset', 'val_evaluator')
        config.test_dataloader = config.val_dataloader
        config.test_evaluator = config.val_evaluator
    if out is not None:
        froc_of(config, 'test').out = os.fspath(out)
    make_consistent(config)
    check_annotations(config, 'test')
    if tta:
        average_views(config)
    if show_dir is not None:
        out_folder(show_dir, '--show-dir')
        check_keys(config, 'default_hooks.visualization')
        config.default_hooks.visualization.update(
            draw=True, test_out_dir=os.fspath(show_dir)
        )
    with unsafe_checkpoints(allow_unsafe_checkpoint):
        runner = build_runner(config, EvaluationRunner)
        with channel_errors(config):
            metrics = runner.test()
    del runner
    leave_processes()
    return metrics


def tested_annotations(paths: Iterable[str]) -> str:
    """The annotation file of the test split, from the config in a work dir.

    Args:
        paths: Work dirs and other paths; the first folder with the config of
            a run is used.

    Raises:
        FileNotFoundError: If the file that the config names is not there.
        ValueError: If there is no such folder.
    """
    for path in paths:
        dumps = sorted(Path(path).glob('*.py')) if Path(path).is_dir() else []
        if dumps:
            config = read_config(str(dumps[-1]))
            check_keys(config, 'test_evaluator')
            for evaluator in evaluators_of(config, 'test'):
                if 'ann_file' in evaluator:
                    return str(
                        existing_file(
                            evaluator.ann_file,
                            f'`ann_file` of the test_evaluator in {dumps[-1]}',
                            'Name the annotations of the tested split with '
                            '`--ann`.',
                        )
                    )
    raise ValueError(
        '`--ann` must name the annotation JSON of the tested split, since no '
        'work dir with the config of a run is given.'
    )
