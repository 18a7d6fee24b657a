"""Check that a download of DeepLesion is complete and intact."""
