"""Run a detector over images."""
