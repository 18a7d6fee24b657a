# HNEM for data with missing annotations: what is too sure for a mistake is
# spared, and its region ignored by both assigners.
_base_ = './uldor_r18_fpn_hnem-2e_phantom.py'

default_hooks = dict(hnem=dict(spare_score=0.9))
model = dict(
    train_cfg=dict(
        rpn=dict(assigner=dict(ignore_iof_thr=0.5)),
        rcnn=dict(assigner=dict(ignore_iof_thr=0.5))))
