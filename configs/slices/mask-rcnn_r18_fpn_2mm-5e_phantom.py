# Neighbouring slices at 2 mm, whatever the distance of the stored ones.
_base_ = [
    '../_base_/models/mask-rcnn_r18_fpn_tiny.py',
    '../_base_/datasets/resampled/phantom_2mm.py',
    '../_base_/schedules/phantom_5e.py',
    '../_base_/default_runtime.py',
]
