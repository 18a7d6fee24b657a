_base_ = [
    '../../mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py',
    '../../_base_/variants/window_norm.py',
]

model = dict(data_preprocessor=_base_.window_norm.full)
