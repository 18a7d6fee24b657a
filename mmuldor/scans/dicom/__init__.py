"""Read CT series from DICOM files; write lesions as a DICOM Segmentation."""
