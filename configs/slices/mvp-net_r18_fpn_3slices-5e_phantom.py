# MVP-Net's input (Li et al., MICCAI 2019): windows through one backbone, their
# features weighted and fused.
_base_ = [
    '../_base_/models/grouped/mask-rcnn_r18_fpn_tiny.py',
    '../_base_/datasets/phantom_3windows.py',
    '../_base_/schedules/phantom_5e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    data_preprocessor=_base_.parts.three_windows,
    neck=dict(start='mean', attention=True))
