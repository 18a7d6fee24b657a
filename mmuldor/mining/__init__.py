"""Hard negative example mining (HNEM): choice, bank, review; no torch."""
