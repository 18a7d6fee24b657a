"""Several methods on the same images: figures, intervals, tests."""
