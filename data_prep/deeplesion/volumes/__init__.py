"""Series of PNG slices to NIfTI volumes and back."""
