"""Coordinates in float32, whatever precision a network computes in."""
