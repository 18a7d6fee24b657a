# Truncated DenseNet-121, the backbone of MULAN, AlignShift and A3D, with the
# same neck and heads as ResNet-101. FPN adds P5 and P6 by pooling, since the
# maps end at stride 16. Difference: these papers fuse all maps into one of
# stride 4 and 512 channels.
_base_ = '../mask-rcnn_r101_fpn.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmuldor.DenseNet',
        frozen_stages=1,
        norm_eval=True,
        # ImageNet weights; a local file works as well.
        init_cfg=dict(
            type='Pretrained',
            checkpoint=(
                'https://download.pytorch.org/models/'
                'densenet121-a639ec97.pth'))),
    neck=dict(in_channels=[256, 512, 1024]))
