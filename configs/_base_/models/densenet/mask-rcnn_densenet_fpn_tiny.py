# A small DenseNet for two CPU cores, trained from scratch: 32, 64 and 96
# channels enter the three blocks.
_base_ = '../mask-rcnn_r18_fpn_tiny.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmuldor.DenseNet',
        block_layers=(2, 4, 6),
        growth_rate=16,
        stem_channels=32),
    neck=dict(in_channels=[64, 96, 144]))
