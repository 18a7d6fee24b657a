"""Marks, panels and figures over CT slices; no torch, no OpenMMLab."""
