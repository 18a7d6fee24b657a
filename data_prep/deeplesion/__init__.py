"""Parts of the conversion of DeepLesion to COCO-style JSON."""
