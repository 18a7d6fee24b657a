# 27 slices as the channels of one image.
_base_ = [
    '../_base_/models/mask-rcnn_r101_fpn.py',
    '../_base_/datasets/deeplesion_27slices.py',
    '../_base_/schedules/uldor_12e.py',
    '../_base_/default_runtime.py',
]

# Inflated kernels are the same for all channels until they learn, and the base
# freezes the first convolution.
model = dict(
    backbone=dict(
        in_channels=27,
        frozen_stages=-1,
        init_cfg=_base_.parts.inflated))
