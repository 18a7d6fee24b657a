# HNEM for data with missing annotations. Hard negatives that score above the
# median of the annotated lesions may be lesions, so they are ignored: both
# assigners skip their regions.
spare_hook = dict(spare_quantile=0.5)
spare_model = dict(
    train_cfg=dict(
        rpn=dict(assigner=dict(ignore_iof_thr=0.5)),
        rcnn=dict(assigner=dict(ignore_iof_thr=0.5))))
