"""Mined examples out to a reader, the reader's verdicts back in."""
