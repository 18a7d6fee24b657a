# GroupNorm in neck and heads, and four convolutions in the box head (Wu and He,
# ECCV 2018; MMDetection's configs/gn). The pretrained backbone keeps its frozen
# BatchNorm.
gn = dict(type='GN', num_groups=32, requires_grad=True)
group_norm = dict(
    neck=dict(norm_cfg=gn),
    roi_head=dict(
        bbox_head=dict(
            type='Shared4Conv1FCBBoxHead',
            conv_out_channels=256,
            norm_cfg=gn),
        mask_head=dict(norm_cfg=gn)))
# For the small models from random weights: in the backbone, too, whose
# BatchNorm would learn from two images (He et al., ICCV 2019), with groups of
# at least two channels.
gn_small = dict(gn, num_groups=16)
group_norm_small = dict(
    backbone=dict(norm_cfg=gn_small),
    neck=dict(norm_cfg=gn_small),
    roi_head=dict(
        bbox_head=dict(
            type='Shared4Conv1FCBBoxHead',
            conv_out_channels=64,
            norm_cfg=gn_small),
        mask_head=dict(norm_cfg=gn_small)))
