"""Own volumes and slices to the annotation JSON and layout of DeepLesion."""
