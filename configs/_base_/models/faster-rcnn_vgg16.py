# Faster R-CNN of Yan et al. as their lab runs it on DeepLesion
# (rsummers11/CADLab, lesion_detector_3DCE, framework "Faster"): VGG-16 without
# its fourth pooling, anchors of 16 to 96 px on one map, two layers of 2048,
# 32 samples. Differences: RoIAlign instead of RoI pooling, mmdet's box loss
# instead of smooth L1 with weight 10, no dropout.
_base_ = './faster-rcnn_r101_fpn.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmuldor.VGG16',
        stride=8,
        # ImageNet weights; a local file works as well.
        init_cfg=dict(
            type='Pretrained',
            checkpoint=(
                'https://download.pytorch.org/models/vgg16-397923af.pth'))),
    neck=None,
    rpn_head=dict(
        in_channels=512,
        feat_channels=256,
        anchor_generator=dict(
            base_sizes=[8], scales=[2, 3, 4, 6, 12], strides=[8])),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=512, featmap_strides=[8]),
        bbox_head=dict(in_channels=512, fc_out_channels=2048)),
    train_cfg=dict(
        rpn=dict(sampler=dict(num=32)), rcnn=dict(sampler=dict(num=32))))
