# Seven slices through a truncated DenseNet-121, each as an image of one
# channel, fused in its layers by A3D. The neck gets the key slice's maps.
_base_ = '../densenet/mask-rcnn_densenet121_fpn.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmuldor.ContextBackbone',
        num_slices=7,
        fusion=dict(type='mmuldor.A3D'),
        backbone=dict(
            _base_.model.backbone,
            in_channels=1,
            init_cfg=dict(
                _base_.model.backbone.init_cfg, **_base_.parts.inflated))))
