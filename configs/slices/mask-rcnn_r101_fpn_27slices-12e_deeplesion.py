# 27 slices as the channels of one image.
_base_ = [
    '../_base_/models/mask-rcnn_r101_fpn.py',
    '../_base_/datasets/deeplesion_27slices.py',
    '../_base_/schedules/uldor_12e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(_base_.parts.many_channels, in_channels=27))
