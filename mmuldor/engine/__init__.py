"""Hooks and loops of the runner."""

from mmuldor.engine.hooks import HeadExpansionHook, HNEMHook

__all__ = ['HNEMHook', 'HeadExpansionHook']
