# 3DCE's fusion (Yan et al., MICCAI 2018): slice triplets through one backbone,
# their features joined.
_base_ = [
    '../_base_/models/mask-rcnn_r101_fpn.py',
    '../_base_/datasets/deeplesion_27slices.py',
    '../_base_/schedules/uldor_12e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmuldor.GroupedBackbone',
        backbone=_base_.model.backbone),
    neck=dict(
        _delete_=True,
        type='mmuldor.GroupFusionNeck',
        num_groups=9,
        neck=_base_.model.neck))
