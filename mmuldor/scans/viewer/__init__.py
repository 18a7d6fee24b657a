"""A volume with its lesions as a page to scroll through."""
