_base_ = [
    '../../mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py',
    '../../_base_/variants/group_norm.py',
]

model = _base_.group_norm_small
