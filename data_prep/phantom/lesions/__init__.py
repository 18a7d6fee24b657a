"""The lesions of a synthetic patient, and what looks like them."""
