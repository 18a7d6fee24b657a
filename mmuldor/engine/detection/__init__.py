"""Run a detector on images."""
