"""Masks by GrabCut against RECIST diameters and true masks."""
