"""The lesions of a DICOM series as a Structured Report (TID 1500)."""
