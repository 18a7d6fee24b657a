"""The study of ULDor's claims on a phantom with known ground truth."""
