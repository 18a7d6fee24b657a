"""What command lines share: errors as one line, options, pairs."""
