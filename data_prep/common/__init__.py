"""What the ways to make a data set share."""
