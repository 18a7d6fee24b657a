"""The normal anatomy of a synthetic patient."""
