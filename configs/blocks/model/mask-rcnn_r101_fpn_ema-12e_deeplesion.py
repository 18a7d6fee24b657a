_base_ = [
    '../../mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py',
    '../../_base_/variants/ema.py',
]

default_hooks = dict(ema=_base_.ema)
