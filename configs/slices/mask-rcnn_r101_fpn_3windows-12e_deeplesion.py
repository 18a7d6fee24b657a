# Three slices in three windows as the channels of one image.
_base_ = [
    '../_base_/models/mask-rcnn_r101_fpn.py',
    '../_base_/datasets/deeplesion_3windows.py',
    '../_base_/schedules/uldor_12e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    data_preprocessor=_base_.parts.three_windows,
    backbone=dict(_base_.parts.many_channels, in_channels=9))
