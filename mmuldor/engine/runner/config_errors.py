"""Name the config in errors that come of building from it.

Types and keywords are checked when a config is read. Only building itself
finds values that a class refuses: a depth that no ResNet has, a negative
learning rate, a missing annotation file.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator

from mmengine.config import Config
from mmengine.runner import Runner

MISFIT = 'backbone, neck and the channels of the images do not fit'
_MISTAKES = (
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


@contextlib.contextmanager
def config_errors(config: Config) -> Iterator[None]:
    """Turn errors of building from a config into a ValueError that names it.

    For building alone: an error of a training's own has nothing to do with
    the config. An ``OSError`` passes, and what names the config already or
    begins with the file that is wrong, like a slice that is cut off.
    """
    try:
        yield
    except _MISTAKES as error:
        if str(config.filename) in str(error) or _begins_with_file(error):
            raise
        text = error_text(error)
        if _do_not_fit(error):
            text = f'{MISFIT}: {text}'
        elif not isinstance(error, ValueError):
            text = f'an entry is wrong: {type(error).__name__}: {text}'
        raise ValueError(f"config '{config.filename}': {text}") from error


@contextlib.contextmanager
def channel_errors(config: Config) -> Iterator[None]:
    """Turn a convolution's error of its channels into a ValueError."""
    try:
        yield
    except RuntimeError as error:
        if not _do_not_fit(error):
            raise
        raise ValueError(
            f"config '{config.filename}': {MISFIT}: {error}"
        ) from error


def _do_not_fit(error: Exception) -> bool:
    """Whether it is torch's error of maps with other channels."""
    found = isinstance(error, RuntimeError) and 'channels' in str(error)
    return found and 'Given groups=' in str(error)


def _begins_with_file(error: Exception) -> bool:
    """Whether it is of the form "FILE must be ..." or "FILE: ..."."""
    file = re.split(' must |: ', str(error), maxsplit=1)[0]
    return isinstance(error, ValueError) and os.path.isfile(file)


def error_text(error: Exception) -> str:
    """An error's text; a KeyError's own has quotation marks and escapes."""
    if isinstance(error, KeyError) and len(error.args) == 1:
        return str(error.args[0])
    return str(error)


class NamingRunner(Runner):
    """MMEngine's runner; errors of what a run builds late name the config.

    It builds the model and the hooks at once, but loops, their data and the
    optimizer when the training or the test begins.
    """

    def build_train_loop(self, *args, **kwargs):
        """MMEngine's; errors name the config."""
        with config_errors(self.cfg):
            return super().build_train_loop(*args, **kwargs)

    def build_val_loop(self, *args, **kwargs):
        """MMEngine's; errors name the config."""
        with config_errors(self.cfg):
            return super().build_val_loop(*args, **kwargs)

    def build_test_loop(self, *args, **kwargs):
        """MMEngine's; errors name the config."""
        with config_errors(self.cfg):
            return super().build_test_loop(*args, **kwargs)

    def build_optim_wrapper(self, *args, **kwargs):
        """MMEngine's; errors name the config."""
        with config_errors(self.cfg):
            return super().build_optim_wrapper(*args, **kwargs)

    def build_param_scheduler(self, *args, **kwargs):
        """MMEngine's; errors name the config."""
        with config_errors(self.cfg):
            return super().build_param_scheduler(*args, **kwargs)
