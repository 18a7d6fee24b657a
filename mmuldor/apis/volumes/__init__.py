"""What the detection in volumes consists of."""
