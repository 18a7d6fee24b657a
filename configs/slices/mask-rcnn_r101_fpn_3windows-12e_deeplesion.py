# Three slices in three windows as the channels of one image.
_base_ = [
    '../_base_/models/mask-rcnn_r101_fpn.py',
    '../_base_/datasets/deeplesion_3windows.py',
    '../_base_/schedules/uldor_12e.py',
    '../_base_/default_runtime.py',
]

# Inflated kernels are the same for all channels until they learn, and the base
# freezes the first convolution.
model = dict(
    data_preprocessor=_base_.parts.three_windows,
    backbone=dict(
        in_channels=9,
        frozen_stages=-1,
        init_cfg=_base_.parts.inflated))
