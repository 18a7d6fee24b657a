"""Mining rounds, hooks, loops, and running detectors over images."""
