"""Results against annotations: FROC of slices and volumes; no torch."""
