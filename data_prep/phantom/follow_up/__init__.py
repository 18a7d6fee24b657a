"""Two scans of a synthetic patient, with the true pairs of lesions."""
