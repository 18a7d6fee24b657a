"""The science in pure NumPy: no torch, no OpenMMLab."""
