"""Headers that a derived object can refer to."""
