"""The study of ULDor's claims on a phantom whose truth is known."""
