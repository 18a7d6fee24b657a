_base_ = 'mmdet::_base_/models/faster-rcnn_r50_fpn.py'

model = dict(
    data_preprocessor=dict(
        type='mmuldor.CTDataPreprocessor',
        # Grey values after the window, the same in every slice.
        mean=[50.0],
        std=[57.0],
        bgr_to_rgb=False),
    backbone=dict(
        depth=101,
        # ImageNet weights; a local file works as well.
        init_cfg=dict(
            type='Pretrained',
            checkpoint=(
                'https://download.pytorch.org/models/resnet101-63fe2227.pth'))),
    rpn_head=dict(
        anchor_generator=dict(
            _delete_=True,
            type='AnchorGenerator',
            base_sizes=[16, 24, 32, 48, 96],
            scales=[1],
            ratios=[0.5, 1.0, 2.0],
            strides=[4, 8, 16, 32, 64])),
    roi_head=dict(bbox_head=dict(num_classes=1)),
    # FROC reads detections far below COCO's usual 0.05.
    test_cfg=dict(rcnn=dict(score_thr=0.001)))
