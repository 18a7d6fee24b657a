# Three slices in three windows as the channels of one image.
_base_ = [
    '../_base_/models/mask-rcnn_r101_fpn.py',
    '../_base_/datasets/deeplesion_3windows.py',
    '../_base_/schedules/uldor_12e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    data_preprocessor=dict(
        # Grey values of 148 real slices after each window.
        mean=[37.8, 115.5, 26.5],
        std=[62.5, 62.7, 35.6]),
    backbone=dict(
        in_channels=9, init_cfg=dict(type='mmuldor.InflatedInit')))
