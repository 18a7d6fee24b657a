_base_ = ['./retinanet_r101_fpn.py', '../small.py']

model = dict(
    backbone=_base_.small_two_stage.backbone,
    neck=_base_.small_two_stage.neck,
    bbox_head=dict(in_channels=64, feat_channels=64, stacked_convs=2),
    test_cfg=dict(nms_pre=200))
