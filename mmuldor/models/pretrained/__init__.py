"""Weights of networks that were trained on CT volumes."""
