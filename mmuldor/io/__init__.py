"""Files in and out: no torch, no mm*."""
