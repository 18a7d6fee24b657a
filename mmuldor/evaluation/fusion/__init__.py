"""Results of several detectors or trainings, fused into one."""
