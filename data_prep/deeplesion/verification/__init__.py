"""Is a download of DeepLesion complete and whole?"""
