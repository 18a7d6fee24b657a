# 3DCE's fusion (Yan et al., MICCAI 2018): slice triplets through one backbone,
# with fused features.
_base_ = [
    '../_base_/models/grouped/mask-rcnn_r101_fpn.py',
    '../_base_/datasets/deeplesion_27slices.py',
    '../_base_/schedules/uldor_12e.py',
    '../_base_/default_runtime.py',
]
