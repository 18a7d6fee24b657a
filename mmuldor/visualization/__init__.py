"""Hooks that draw; importing this package registers them."""

from mmuldor.visualization.ct_visualization_hook import CTVisualizationHook

__all__ = ['CTVisualizationHook']
