"""One scan: read it, join and measure its lesions, write what was found."""
