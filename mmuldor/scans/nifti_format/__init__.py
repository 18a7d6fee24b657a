"""What the header of a NIfTI file says."""
