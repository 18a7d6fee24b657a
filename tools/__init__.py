"""Commands that train, test, evaluate and draw."""
