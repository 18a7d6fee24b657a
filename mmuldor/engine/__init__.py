"""Mining rounds, hooks, loops, and running detectors on images."""
