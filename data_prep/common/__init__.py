"""Helpers that all commands of data_prep share."""
