"""Many scans by one command: their list, their order, their tables."""
