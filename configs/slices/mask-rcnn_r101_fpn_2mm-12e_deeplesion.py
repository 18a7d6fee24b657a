# Neighbouring slices at 2 mm, whatever the distance of the stored ones.
_base_ = [
    '../_base_/models/mask-rcnn_r101_fpn.py',
    '../_base_/datasets/resampled/deeplesion_2mm.py',
    '../_base_/schedules/uldor_12e.py',
    '../_base_/default_runtime.py',
]
