"""The study of ULDor's claims whose unit is a whole replicate."""
