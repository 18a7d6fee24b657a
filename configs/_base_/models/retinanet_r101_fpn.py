_base_ = ['mmdet::_base_/models/retinanet_r50_fpn.py', '../parts.py']

model = dict(
    data_preprocessor=_base_.parts.ct_preprocessor,
    backbone=_base_.parts.resnet101,
    # Levels from P2 on, whose anchors are 16, 20 and 25 px: of 5,968 real boxes
    # half are smaller than 27 px, and 8 % than 16 px.
    neck=dict(start_level=0, add_extra_convs='on_output', num_outs=5),
    bbox_head=dict(
        num_classes=1,
        anchor_generator=dict(strides=[4, 8, 16, 32, 64])),
    # What lies in an ignored region is no background.
    train_cfg=dict(assigner=dict(ignore_iof_thr=0.5)),
    test_cfg=dict(score_thr=0.001))
