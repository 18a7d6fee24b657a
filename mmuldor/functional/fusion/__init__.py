"""Fusion of the detections of several detectors, trainings or views."""
