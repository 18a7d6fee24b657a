"""Checks of a config before a long run."""
