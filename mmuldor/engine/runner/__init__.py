"""The runner, its loops, learning rate and activation recomputation."""

from mmuldor.engine.runner.loops import DetectionValLoop

__all__ = ['DetectionValLoop']
