_base_ = './mask-rcnn_r18_fpn_tiny.py'

model = dict(
    backbone=dict(
        _base_.parts.swin,
        embed_dims=32, depths=[1, 1, 2, 1], num_heads=[1, 2, 4, 8],
        drop_path_rate=0.1),
    neck=dict(in_channels=[32, 64, 128, 256]))
