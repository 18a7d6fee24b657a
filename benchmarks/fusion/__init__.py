"""Fusion of real detections, measured."""
