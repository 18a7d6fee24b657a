"""Other detectors' results as COCO results."""
