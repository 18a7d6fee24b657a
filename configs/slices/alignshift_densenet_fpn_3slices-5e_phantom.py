# AlignShift (Yang et al., MICCAI 2020): channels of three slices are shifted
# by 2 mm, or by one slice where slices are nearer: they are as stored here, not
# resampled to 2 mm.
_base_ = [
    '../_base_/models/context/a3d_densenet_fpn_tiny.py',
    '../_base_/datasets/phantom.py',
    '../_base_/schedules/phantom_5e.py',
    '../_base_/default_runtime.py',
    '../_base_/variants/align_shift.py',
]

model = _base_.align_shift
