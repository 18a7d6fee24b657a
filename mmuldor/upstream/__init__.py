"""All uses of private or undocumented parts of torch and OpenMMLab."""
