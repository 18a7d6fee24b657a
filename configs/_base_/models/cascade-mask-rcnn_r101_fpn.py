_base_ = 'mmdet::_base_/models/cascade-mask-rcnn_r50_fpn.py'

# Lists are replaced whole, so each stage is changed where it stands.
roi_head = _base_.model.roi_head
for head in roi_head.bbox_head:
    head.num_classes = 1

model = dict(
    data_preprocessor=dict(
        type='mmuldor.CTDataPreprocessor',
        mean=[50.0],
        std=[57.0],
        bgr_to_rgb=False),
    backbone=dict(
        depth=101,
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
    roi_head=dict(
        bbox_head=roi_head.bbox_head,
        mask_head=dict(num_classes=1)),
    test_cfg=dict(rcnn=dict(score_thr=0.001)))
