"""A trained model as one file: weights, config, calibration, card."""
