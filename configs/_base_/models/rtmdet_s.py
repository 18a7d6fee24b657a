# Values of mmdet's rtmdet_s_8xb32-300e_coco.py, which cannot be a base, since
# it includes data and a schedule.
_base_ = '../parts.py'

norm = dict(type='SyncBN')
act = dict(type='SiLU', inplace=True)

model = dict(
    type='RTMDet',
    data_preprocessor=dict(_base_.parts.ct_preprocessor, pad_size_divisor=32),
    backbone=dict(
        type='CSPNeXt',
        arch='P5',
        expand_ratio=0.5,
        deepen_factor=0.33,
        widen_factor=0.5,
        channel_attention=True,
        norm_cfg=norm,
        act_cfg=act,
        init_cfg=dict(
            type='Pretrained', prefix='backbone.',
            checkpoint=(
                'https://download.openmmlab.com/mmdetection/v3.0/rtmdet/'
                'cspnext_rsb_pretrain/cspnext-s_imagenet_600e.pth'))),
    neck=dict(
        type='CSPNeXtPAFPN',
        in_channels=[128, 256, 512], out_channels=128,
        num_csp_blocks=1,
        expand_ratio=0.5,
        norm_cfg=norm,
        act_cfg=act),
    bbox_head=dict(
        type='RTMDetSepBNHead',
        num_classes=1,
        in_channels=128,
        stacked_convs=2,
        feat_channels=128,
        anchor_generator=dict(
            type='MlvlPointGenerator', offset=0, strides=[8, 16, 32]),
        bbox_coder=dict(type='DistancePointBBoxCoder'),
        loss_cls=dict(
            type='QualityFocalLoss', use_sigmoid=True, beta=2.0,
            loss_weight=1.0),
        loss_bbox=dict(type='GIoULoss', loss_weight=2.0),
        with_objectness=False,
        exp_on_reg=False,
        share_conv=True,
        pred_kernel_size=1,
        norm_cfg=norm,
        act_cfg=act),
    train_cfg=dict(
        # mmdet's learns background in ignored regions.
        assigner=dict(type='mmuldor.IgnoringSoftLabelAssigner', topk=13),
        allowed_border=-1,
        pos_weight=-1,
        debug=False),
    test_cfg=dict(
        nms_pre=1000,
        min_bbox_size=0,
        score_thr=0.001,
        nms=dict(type='nms', iou_threshold=0.5),
        max_per_img=100))
