_base_ = ['mmdet::_base_/models/faster-rcnn_r50_fpn.py', '../parts.py']

model = dict(
    data_preprocessor=_base_.parts.ct_preprocessor,
    backbone=_base_.parts.resnet101,
    rpn_head=dict(anchor_generator=_base_.parts.lesion_anchors),
    roi_head=dict(bbox_head=dict(num_classes=1)),
    # What lies in an ignored region is no background; without such regions
    # nothing changes.
    train_cfg=dict(
        rpn=dict(assigner=dict(ignore_iof_thr=0.5)),
        rcnn=dict(assigner=dict(ignore_iof_thr=0.5))),
    # FROC needs detections with scores far below COCO's usual 0.05.
    test_cfg=dict(rcnn=dict(score_thr=0.001)))
