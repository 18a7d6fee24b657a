"""Follow-up of a patient: two scans registered, their lesions matched."""
