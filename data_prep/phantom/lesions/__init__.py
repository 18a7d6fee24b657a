"""The lesions of a synthetic patient, and structures similar to them."""
