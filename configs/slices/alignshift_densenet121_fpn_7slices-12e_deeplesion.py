# AlignShift (Yang et al., MICCAI 2020): channels of seven slices are shifted by
# 2 mm, whatever the distance of the slices.
_base_ = [
    '../_base_/models/context/a3d_densenet121_fpn.py',
    '../_base_/datasets/deeplesion_7slices.py',
    '../_base_/schedules/uldor_12e.py',
    '../_base_/default_runtime.py',
    '../_base_/variants/align_shift.py',
]

model = _base_.align_shift
