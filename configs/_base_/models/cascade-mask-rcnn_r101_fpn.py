_base_ = ['mmdet::_base_/models/cascade-mask-rcnn_r50_fpn.py', '../parts.py']

model = dict(
    data_preprocessor=_base_.parts.ct_preprocessor,
    backbone=_base_.parts.resnet101,
    rpn_head=dict(anchor_generator=_base_.parts.lesion_anchors),
    roi_head=dict(
        # Configs cannot merge lists, so all three stages' heads are stated.
        bbox_head=[
            dict(head, num_classes=1)
            for head in _base_.model.roi_head.bbox_head
        ],
        mask_head=dict(num_classes=1)),
    # What lies in an ignored region is no background.
    train_cfg=dict(
        rpn=dict(assigner=dict(ignore_iof_thr=0.5)),
        rcnn=[
            dict(stage, assigner=dict(stage['assigner'], ignore_iof_thr=0.5))
            for stage in _base_.model.train_cfg.rcnn
        ]),
    test_cfg=dict(rcnn=dict(score_thr=0.001)))
