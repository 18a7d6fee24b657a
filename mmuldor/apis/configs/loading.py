"""Read and check configs."""

from __future__ import annotations

import os
from pathlib import Path

from mmengine.config import Config

from mmuldor.apis.configs.crops import check_crops
from mmuldor.apis.configs.entries import check_entries
from mmuldor.apis.configs.learning_rate import leave_typed_rate
from mmuldor.apis.configs.option_names import check_option_names
from mmuldor.apis.configs.packed_slices import set_store
from mmuldor.apis.configs.step_order import check_step_order
from mmuldor.apis.configs.values import check_values
from mmuldor.engine.runner.config_errors import error_text
from mmuldor.io.json_values import shortened
from mmuldor.upstream.on_import.config_prefix import (
    PREFIX,
    configs_folder,
    shipped_config,
)


def load_config(
    path: str | os.PathLike[str],
    work_dir: str | os.PathLike[str] | None = None,
    cfg_options: dict | None = None,
    launcher: str = 'none',
    store: str | None = None,
    default_store: str | None = None,
) -> Config:
    """Read a config, check its entries and say where it runs.

    A config is a Python file and is run.

    Args:
        path: Config file, or ``mmuldor::FOLDER/NAME.py`` of a shipped one.
        work_dir: Overrides the config's; ``work_dirs/<config name>`` if
            neither says.
        cfg_options: Settings to override, as from ``--cfg-options``.
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.
        store: Folder of packed slices that every ``LoadCTSlices`` reads.
        default_store: The same for those whose ``store`` is None, as that of
            DeepLesion's configs; others read PNG files.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no config, an entry has an unknown type or
            keyword, a number cannot be one, or a pipeline crops wrongly or
            has another wrong order; see
            :func:`mmuldor.apis.configs.entries.check_entries`,
            :func:`mmuldor.apis.configs.crops.check_crops` and
            :func:`mmuldor.apis.configs.step_order.check_step_order`.
    """
    config = read_config(path, cfg_options)
    check_values(config)
    leave_typed_rate(config, cfg_options)
    config.launcher = launcher
    if work_dir is not None:
        config.work_dir = os.fspath(work_dir)
    elif config.get('work_dir') is None:
        config.work_dir = os.path.join('work_dirs', Path(path).stem)
    set_store(config, store, default_store)
    check_entries(config)
    check_crops(config)
    check_step_order(config)
    return config


def read_config(
    path: str | os.PathLike[str], cfg_options: dict | None = None
) -> Config:
    """Read a config; its entries are not checked.

    For the settings of an older run, whose classes may have changed.

    Args:
        path: Config file, or ``mmuldor::FOLDER/NAME.py`` of a shipped one.
        cfg_options: Settings to override.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no config.
    """
    path = os.fspath(path)
    if path.startswith(PREFIX):
        path = str(shipped_config(path))
    if not Path(path).is_file():
        problem = 'is a folder' if Path(path).is_dir() else 'does not exist'
        raise FileNotFoundError(
            f"config '{path}' {problem}. The shipped ones are "
            f'{PREFIX}FOLDER/NAME.py, files of {configs_folder()}.'
        )
    # MMEngine's YAML reader executes tags as code.
    if Path(path).suffix != '.py':
        raise ValueError(f"config '{path}' must be a .py file.")
    try:
        config = Config.fromfile(path)
        check_option_names(config, cfg_options)
        config.merge_from_dict(cfg_options or {})
    except RecursionError as error:
        raise ValueError(
            f"config '{path}' must not have itself as `_base_`, however "
            'many files are between.'
        ) from error
    # A config is a program, so it may raise any exception.
    except Exception as error:
        raise ValueError(
            f"config '{path}', or what `--cfg-options` changes in it, is "
            f'wrong: {type(error).__name__}: {error_text(error)}'
        ) from error
    return config


def check_keys(config: Config, *keys: str) -> None:
    """Raise ValueError unless a config has dicts or lists under these keys.

    ``train_dataloader.dataset`` is a key inside another one.
    """
    for key in keys:
        value = config
        for word in key.split('.'):
            value = value.get(word) if hasattr(value, 'get') else None
        if not isinstance(value, (dict, list)):
            raise ValueError(
                f"config '{config.filename}': `{key}` must be a dict, but got "
                f'{shortened(value)}. Start from a config of `configs/`.'
            )
