"""Hooks."""

from mmuldor.engine.hooks.head_expansion_hook import HeadExpansionHook
from mmuldor.engine.hooks.hnem_hook import HNEMHook

__all__ = ['HNEMHook', 'HeadExpansionHook']
