"""Hooks of the runner, and one round of mining."""
