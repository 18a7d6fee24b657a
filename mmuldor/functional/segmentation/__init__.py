"""Lesion masks from pixels."""
