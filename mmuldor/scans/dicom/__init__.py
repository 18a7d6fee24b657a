"""Read CT series from DICOM files; write lesions as DICOM objects."""
