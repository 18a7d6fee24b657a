"""What a score means: isotonic calibration and operating points."""
