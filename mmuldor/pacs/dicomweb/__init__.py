"""A DICOMweb server."""
