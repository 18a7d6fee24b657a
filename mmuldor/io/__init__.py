"""Files that training and preparation share: no torch, no OpenMMLab."""
