"""Lesions and bodies found in pixels."""
