"""Model parts that mmdet does not have."""
