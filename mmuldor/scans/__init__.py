"""One scan: read it, join and measure its lesions, write them to files."""
