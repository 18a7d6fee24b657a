"""Arithmetic on NumPy arrays: no files, no torch, no OpenMMLab."""
