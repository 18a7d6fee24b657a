_base_ = './mask-rcnn_r101_fpn.py'

model = dict(
    backbone=dict(
        _base_.parts.swin,
        embed_dims=96, depths=[2, 2, 6, 2], num_heads=[3, 6, 12, 24],
        drop_path_rate=0.2,
        convert_weights=True,
        init_cfg=dict(
            type='Pretrained',
            checkpoint=(
                'https://github.com/SwinTransformer/storage/releases/download/'
                'v1.0.0/swin_tiny_patch4_window7_224.pth'))),
    neck=dict(in_channels=[96, 192, 384, 768]))
