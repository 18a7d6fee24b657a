"""Packed slices that load faster than PNG files."""
