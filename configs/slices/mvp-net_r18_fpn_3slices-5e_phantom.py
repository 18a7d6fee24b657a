# MVP-Net's input (Li et al., MICCAI 2019): windows through one backbone, their
# features weighed and joined.
_base_ = [
    '../_base_/models/mask-rcnn_r18_fpn_tiny.py',
    '../_base_/datasets/phantom_3windows.py',
    '../_base_/schedules/phantom_5e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    data_preprocessor=dict(
        # Grey values of 148 real slices after each window.
        mean=[37.8, 115.5, 26.5],
        std=[62.5, 62.7, 35.6]),
    backbone=dict(
        _delete_=True,
        type='mmuldor.GroupedBackbone',
        backbone=_base_.model.backbone),
    neck=dict(
        _delete_=True,
        type='mmuldor.GroupFusionNeck',
        num_groups=3,
        start='mean',
        attention=True,
        neck=_base_.model.neck))
