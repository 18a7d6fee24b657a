"""Two scans of a patient: lesions matched, growth, RECIST 1.1 arithmetic."""
