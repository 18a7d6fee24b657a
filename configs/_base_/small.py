# Sizes of the small models, which two CPU cores train from scratch: half of
# ResNet-18's width, no frozen layer, BatchNorm that learns its statistics, and
# fewer, better balanced samples for a short training.
small_two_stage = dict(
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
        # Assigns most lesions to P2 and P3, since deep levels learn slowly.
        anchor_generator=dict(
            base_sizes=[16, 32, 64, 128, 256], scales=[1.0, 1.41])),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=64),
        bbox_head=dict(in_channels=64, fc_out_channels=256)),
    train_cfg=dict(
        rpn=dict(assigner=dict(pos_iou_thr=0.5), sampler=dict(num=64)),
        rpn_proposal=dict(nms_pre=200, max_per_img=200),
        rcnn=dict(sampler=dict(num=64))),
    test_cfg=dict(rpn=dict(nms_pre=200, max_per_img=200)))
small_mask_branch = dict(
    mask_roi_extractor=dict(out_channels=64),
    mask_head=dict(num_convs=2, in_channels=64, conv_out_channels=64))
