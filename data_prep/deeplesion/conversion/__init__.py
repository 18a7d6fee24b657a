"""Convert DL_info.csv and its images to COCO-style JSON."""
