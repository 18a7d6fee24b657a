# The same with GroupNorm in place of BatchNorm.
_base_ = ['./shift-crop.py', '../../../configs/_base_/variants/group_norm.py']

norm = _base_.group_norm_small
model = dict(norm, backbone=dict(backbone=norm.backbone))
del norm
