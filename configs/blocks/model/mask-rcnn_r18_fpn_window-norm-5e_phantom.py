_base_ = [
    '../../mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py',
    '../../_base_/variants/window_norm.py',
]

model = dict(data_preprocessor=_base_.window_norm.middle)
