"""What mmuldor uses of torch and OpenMMLab that they do not promise."""
