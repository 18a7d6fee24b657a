# Three quarters of the paper's pixel size, so that a lesion of 10 mm has 17 px
# instead of 13; 1.8 times the pixels to compute.
fine_spacing = dict(spacing_mm=0.6, max_size=683)
# The phantom's 1.2 mm and 352 px in the same ratio.
fine_spacing_phantom = dict(spacing_mm=0.9, max_size=469)
