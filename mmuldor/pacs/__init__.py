"""A detector beside a PACS: series in, results back, by DICOMweb."""
