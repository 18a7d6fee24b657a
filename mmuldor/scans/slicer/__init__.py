"""Files for 3D Slicer."""
