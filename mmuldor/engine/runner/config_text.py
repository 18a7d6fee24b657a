"""The text of a config, formatted once.

MMEngine formats the whole config with yapf, 0.5 to 1 s on one core, for the
log, for `config.py`, for the message hub and again for each checkpoint.
"""

from __future__ import annotations

import functools

from mmengine.config import Config

# Of the few configs of a process: tests have many, each of 20 kB.
_KEPT = 8
_format = Config.pretty_text.fget
_texts: dict[str, str] = {}


@functools.wraps(_format)
def known_text(config: Config) -> str:
    """The config as formatted Python code."""
    key = repr(config.to_dict())
    text = _texts.pop(key, None)
    if text is None:
        text = _format(config)
    # The last one used is the last one dropped.
    _texts[key] = text
    while len(_texts) > _KEPT:
        del _texts[next(iter(_texts))]
    return text


def use_known_texts() -> None:
    """Let all of MMEngine's configs keep their text."""
    Config.pretty_text = property(known_text)
