"""A detector on the real key slices, patients left out in turn."""
