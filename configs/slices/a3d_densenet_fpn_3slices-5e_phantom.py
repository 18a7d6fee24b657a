# A3D (Yang et al., MICCAI 2021): learned fusion of three slices.
_base_ = [
    '../_base_/models/context/a3d_densenet_fpn_tiny.py',
    '../_base_/datasets/phantom.py',
    '../_base_/schedules/phantom_5e.py',
    '../_base_/default_runtime.py',
]
