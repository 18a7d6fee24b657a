# HNEM for data with missing annotations. Hard negatives that score above the
# median of the annotated lesions may be lesions, so they are ignored: both
# assigners skip their regions (`ignore_iof_thr` in the base models).
spare_hook = dict(spare_quantile=0.5)
