_base_ = 'mmdet::_base_/models/retinanet_r50_fpn.py'

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
    # From P2 on, since half of the lesions are under 16 px: its anchors are
    # 16, 20 and 25 px.
    neck=dict(start_level=0, add_extra_convs='on_output', num_outs=5),
    bbox_head=dict(
        num_classes=1,
        anchor_generator=dict(strides=[4, 8, 16, 32, 64])),
    test_cfg=dict(score_thr=0.001))
