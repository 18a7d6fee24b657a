"""The runner, its loops, learning rate and activation recomputation."""

from mmuldor.engine.runner.config_text import use_known_texts
from mmuldor.engine.runner.loops import DetectionValLoop

__all__ = ['DetectionValLoop']

use_known_texts()
