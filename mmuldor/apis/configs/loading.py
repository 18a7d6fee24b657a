"""Read configs, and say what is wrong with them."""

from __future__ import annotations

import contextlib
import os.path as osp
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from mmengine.config import Config

from mmuldor.apis.configs.learning_rate import leave_typed_rate
from mmuldor.apis.configs.settling import check_names
from mmuldor.io.json_values import shortened

# Whose frames in a traceback say that something was built from a config.
_BUILDERS = ('mmengine.config.', 'mmengine.registry.', 'mmengine.optim.')
_MISTAKES = (
    AssertionError,
    AttributeError,
    ImportError,
    IndexError,
    KeyError,
    RuntimeError,
    TypeError,
    ValueError,
)


def load_config(
    path: str,
    work_dir: str | None = None,
    cfg_options: dict | None = None,
    launcher: str = 'none',
) -> Config:
    """Read a config and settle where it runs.

    A config is a Python file and is run.

    Args:
        path: Config file.
        work_dir: Overrides the config's; ``work_dirs/<config name>`` if
            neither says.
        cfg_options: Settings to override, as from ``--cfg-options``.
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no config.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"config '{path}' does not exist. The shipped ones are under "
            '`configs/`; the README lists them.'
        )
    # MMEngine's reader of YAML runs tags as code.
    if Path(path).suffix != '.py':
        raise ValueError(f"config '{path}' must be a .py file.")
    try:
        config = Config.fromfile(path)
        check_names(config, cfg_options)
        config.merge_from_dict(cfg_options or {})
    except RecursionError as error:
        raise ValueError(
            f"config '{path}' must not have itself as `_base_`, however "
            'many files are between.'
        ) from error
    # It is a program: it may raise anything.
    except Exception as error:
        raise ValueError(
            f"config '{path}', or what `--cfg-options` changes in it, is "
            f'wrong: {type(error).__name__}: {_text(error)}'
        ) from error
    leave_typed_rate(config, cfg_options)
    config.launcher = launcher
    if work_dir is not None:
        config.work_dir = work_dir
    elif config.get('work_dir') is None:
        config.work_dir = osp.join('work_dirs', Path(path).stem)
    return config


def check_keys(config: Config, *keys: str) -> None:
    """Raise ValueError unless a config has dicts or lists under these keys.

    ``train_dataloader.dataset`` is a key inside another one.
    """
    for key in keys:
        found = config
        for word in key.split('.'):
            found = found.get(word) if hasattr(found, 'get') else None
        if not isinstance(found, (dict, list)):
            raise ValueError(
                f"config '{config.filename}': `{key}` must be a dict, but got "
                f'{shortened(found)}. Start from a config of `configs/`.'
            )


@contextlib.contextmanager
def config_errors(config: Config) -> Iterator[None]:
    """Turn errors that come of a config's entries into a ValueError.

    Those are what the registries and the config itself raise: unknown types
    and arguments, missing keys. Everything else passes.
    """
    try:
        yield
    except _MISTAKES as error:
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        modules = [str(frame.f_globals.get('__name__')) for frame in frames]
        built = any(module.startswith(_BUILDERS) for module in modules)
        # Ours name the file that is wrong.
        ours = isinstance(error, ValueError) and modules[-1].startswith(
            ('mmuldor.', 'data_prep.')
        )
        if not built or ours:
            raise
        types = _types(frames)
        place = f' of type {" > ".join(types)}' if types else ''
        raise ValueError(
            f"config '{config.filename}': an entry{place} is wrong: "
            f'{type(error).__name__}: {_text(error)}'
        ) from error


def _types(frames: list[FrameType]) -> list[str]:
    """What was being built, from the outside to the inside."""
    configs = [
        frame.f_locals.get(name)
        for frame in frames
        for name in ('cfg', 'optimizer_cfg')
        if str(frame.f_globals.get('__name__')).startswith(_BUILDERS[1:])
        and frame.f_code.co_name in ('build_from_cfg', '__call__')
    ]
    return [str(c.get('type')) for c in configs if isinstance(c, dict)]


def _text(error: Exception) -> str:
    """A KeyError's text comes with quotation marks and escapes."""
    if isinstance(error, KeyError) and len(error.args) == 1:
        return str(error.args[0])
    return str(error)
