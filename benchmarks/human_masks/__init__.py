"""Pseudo masks against masks that people drew, and the frame of RECIST."""
