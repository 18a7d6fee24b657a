# A sibling for two CPU cores, trained from scratch.
_base_ = './cascade-mask-rcnn_r101_fpn.py'

bbox_heads = _base_.model.roi_head.bbox_head
for head in bbox_heads:
    head.update(in_channels=64, fc_out_channels=256)
rcnn = _base_.model.train_cfg.rcnn
for stage in rcnn:
    stage.sampler.num = 64

model = dict(
    backbone=dict(
        depth=18,
        base_channels=32,
        frozen_stages=-1,
        norm_eval=False,
        init_cfg=None),
    neck=dict(in_channels=[32, 64, 128, 256], out_channels=64),
    rpn_head=dict(
        in_channels=64,
        feat_channels=64,
        anchor_generator=dict(
            base_sizes=[16, 32, 64, 128, 256], scales=[1.0, 1.41])),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=64),
        bbox_head=bbox_heads,
        mask_roi_extractor=dict(out_channels=64),
        mask_head=dict(num_convs=2, in_channels=64, conv_out_channels=64)),
    train_cfg=dict(
        rpn=dict(assigner=dict(pos_iou_thr=0.5), sampler=dict(num=64)),
        rpn_proposal=dict(nms_pre=200, max_per_img=200),
        rcnn=rcnn),
    test_cfg=dict(rpn=dict(nms_pre=200, max_per_img=200)))
