"""A CT series in DICOM files, and lesions as a DICOM Segmentation."""
