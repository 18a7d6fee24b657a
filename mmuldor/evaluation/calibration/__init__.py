"""Isotonic calibration of scores, and operating points."""
