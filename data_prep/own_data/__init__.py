"""Convert own volumes and slices to DeepLesion's layout and JSON."""
