# For a few dozen images: the first two stages of the ResNet-152, whose map has
# stride 8, are frozen, and a small RetinaNet head of 0.8 million weights learns
# on that one map.
_base_ = ['../retinanet_r101_fpn.py', '../../variants/ct_pretrained.py']

model = dict(
    data_preprocessor=_base_.ct_pretrained.preprocessor,
    backbone=dict(
        _base_.ct_pretrained.backbone,
        num_stages=2,
        strides=(1, 2),
        dilations=(1, 1),
        out_indices=(1,),
        frozen_stages=2),
    neck=dict(
        _delete_=True,
        type='ChannelMapper',
        in_channels=[512],
        kernel_size=1,
        out_channels=128,
        # Brings maps of other weights, and of random ones, to one scale.
        norm_cfg=dict(type='GN', num_groups=16),
        num_outs=1),
    bbox_head=dict(
        in_channels=128,
        feat_channels=128,
        stacked_convs=2,
        # 16 to 91 px, half an octave apart, and 128 px: all on one map.
        anchor_generator=dict(
            _delete_=True,
            type='AnchorGenerator',
            scales=[2, 2.83, 4, 5.66, 8, 11.3, 16],
            ratios=[0.5, 1.0, 2.0],
            strides=[8])))
