"""The runner, its loops, and what it does to a model."""

from mmuldor.engine.runner.loops import DetectionValLoop

__all__ = ['DetectionValLoop']
