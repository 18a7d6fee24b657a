"""Hooks and loops of the runner."""

from mmuldor.engine.hooks import HeadExpansionHook, HNEMHook, ValLossHook

__all__ = ['HNEMHook', 'HeadExpansionHook', 'ValLossHook']
