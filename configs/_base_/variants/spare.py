# HNEM for data with missing annotations: what scores above half of the
# annotated lesions is spared, and its region ignored by both assigners.
spare_hook = dict(spare_quantile=0.5)
spare_model = dict(
    train_cfg=dict(
        rpn=dict(assigner=dict(ignore_iof_thr=0.5)),
        rcnn=dict(assigner=dict(ignore_iof_thr=0.5))))
