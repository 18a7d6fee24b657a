"""Do frozen features tell real lesions from other tissue?"""
