# A3D (Yang et al., MICCAI 2021): learned fusion of seven slices.
_base_ = [
    '../_base_/models/context/a3d_densenet121_fpn.py',
    '../_base_/datasets/deeplesion_7slices.py',
    '../_base_/schedules/uldor_12e.py',
    '../_base_/default_runtime.py',
]
