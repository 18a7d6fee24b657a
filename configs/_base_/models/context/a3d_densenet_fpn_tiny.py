# Three slices through a small DenseNet.
_base_ = '../densenet/mask-rcnn_densenet_fpn_tiny.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmuldor.ContextBackbone',
        num_slices=3,
        fusion=dict(type='mmuldor.A3D'),
        backbone=dict(_base_.model.backbone, in_channels=1)))
