"""Export of mined examples to a reader, import of the verdicts."""
