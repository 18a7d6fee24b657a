"""Masks of lesions refined by pixels."""
