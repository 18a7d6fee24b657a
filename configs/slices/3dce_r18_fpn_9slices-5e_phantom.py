# 3DCE's fusion (Yan et al., MICCAI 2018): slice triplets through one backbone,
# with fused features. The phantom needs `--neighbours 9`.
_base_ = [
    '../_base_/models/grouped/mask-rcnn_r18_fpn_tiny.py',
    '../_base_/datasets/phantom_9slices.py',
    '../_base_/schedules/phantom_5e.py',
    '../_base_/default_runtime.py',
]
