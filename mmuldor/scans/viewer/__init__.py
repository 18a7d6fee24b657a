"""A volume with its lesions as an HTML page."""
