# Nine groups of three channels go through one backbone; their features are
# fused.
_base_ = '../mask-rcnn_r101_fpn.py'

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
