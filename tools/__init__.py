"""Commands that train, test, evaluate and show."""
